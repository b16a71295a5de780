"""The only place that makes a Spark session; `NIGHTLIST_SPARK` chooses the engine.

| value             | engine                                     |
| ----------------- | ------------------------------------------ |
| `sail` (default)  | pysail, in this process, no Java           |
| `sc://host:port`  | the Spark Connect server of a cluster      |
| `local[N]`        | JVM Spark on this machine, through Connect |

A cluster gets this package with the session (`jobs/shipping.py`). Ours to set is what decides
numbers; memory, cores, partitions and where the cluster runs are the server's (`dags/cluster.md`).
A server that is gone, or that no longer knows the session, is an `EngineError`: the step may be run
again, and gets a new session.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import uuid
from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from jobs.errors import EngineError, UsageError

#: Spark Connect's own default.
CONNECT_PORT = 15002
#: What decides numbers, whatever a cluster's defaults are; what overflows is an error.
SETTINGS = {"spark.sql.ansi.enabled": "true",
            "spark.sql.decimalOperations.allowPrecisionLoss": "true",
            "spark.sql.session.timeZone": "UTC"}
#: A server that does not answer is asked again for about a minute: so often, at most so many
#: milliseconds apart. (The client's own is ten minutes, which it takes at exit as well.)
RETRIES, LONGEST_WAIT_MS = 8, 15_000
#: Our mark in a session's settings: a server that was started anew does not have it.
_MARK = "nightlist.session"
#: Parts of an error that say that the engine went away, and not that the query is wrong.
_LOST = ("INVALID_HANDLE", "NO_ACTIVE_SESSION", "RESPONSE_ALREADY_RECEIVED", "UNAVAILABLE",
         "server side session identifier", "SparkContext was shut down", "ExecutorLostFailure",
         "Master removed our application")
_REMEDY = ("nothing of the step is visible: run it again once the cluster answers (Airflow does so "
           "by itself)")
_SERVERS: list[Any] = []
_SESSIONS: dict[str, SparkSession] = {}


def engine() -> str:
    """The engine asked for by `NIGHTLIST_SPARK`.

    Raises:
        UsageError: For a value that is none of the three.
    """
    value = os.environ.get("NIGHTLIST_SPARK", "sail").strip()
    if value == "sail" or re.fullmatch(r"sc://.+|local\[([1-9]\d*|\*)\]", value):
        return value
    raise UsageError("NIGHTLIST_SPARK", "sail, sc://host:port or local[N]", repr(value),
                     "set it to one of these or unset it")


def session() -> SparkSession:
    """The session of this process, made at the first call, and anew where a server forgot it.

    Raises:
        EngineError: When no server answers.
        UsageError: When a cluster has other versions than this process.
    """
    value = engine()
    if value.startswith("sc://"):
        _answers(value)
        if value in _SESSIONS and not _is_known(_SESSIONS[value]):
            old = _SESSIONS.pop(value)
            old.release_session_on_close = False  # type: ignore[attr-defined]
            old.stop()
    if value not in _SESSIONS:
        _SESSIONS[value] = _make(value)
    return _SESSIONS[value]


def lost(error: BaseException) -> EngineError | None:
    """The error to raise instead where a cluster went away under a step; None where it did not.

    A gate that could not ask anything fails as if its tables were bad: so it is the cluster that is
    asked, and the error's own words are only the shortest way to know.
    """
    value = engine()
    if not value.startswith("sc://") or isinstance(error, EngineError):
        return None
    said = str(error)
    if not any(part in said for part in _LOST):
        if value not in _SESSIONS or _is_known(_SESSIONS[value]):
            return None
    return EngineError(f"engine at {_place(value)}", "an answer to every query", said[:300],
                       _REMEDY)


def _make(value: str) -> SparkSession:
    # Workers of JVM Spark take another Python than ours unless told.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if value.startswith("local"):
        spark = (SparkSession.builder.remote(value)
                 .config("spark.sql.shuffle.partitions", "4")
                 .config("spark.ui.enabled", "false")
                 .config("spark.driver.memory", "2g").getOrCreate())
    else:  # created, not got: a process may have had another engine before
        spark = SparkSession.builder.remote(_sail() if value == "sail" else value).create()
    if value == "sail":
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        return spark
    for name, setting in SETTINGS.items():
        spark.conf.set(name, setting)
    if value.startswith("sc://"):
        _prepare(spark, value)
    return spark


def _prepare(spark: SparkSession, value: str) -> None:
    from pyspark.sql.connect.client.retries import DefaultPolicy

    from jobs.shipping import ship

    spark.client.set_retry_policies([DefaultPolicy(RETRIES, max_backoff=LONGEST_WAIT_MS)])
    spark.conf.set(_MARK, str(uuid.uuid4()))
    try:
        ship(spark)
    except UsageError:
        raise
    except Exception as error:
        raise (lost(error) or error) from error


def _is_known(spark: SparkSession) -> bool:
    """Whether the server still has this very session, with what was set in it."""
    try:
        return bool(spark.conf.get(_MARK, ""))
    except Exception:  # whatever the client makes of it, it is no answer
        return False


def _answers(address: str) -> None:
    """Ask once before the client would, without a word, try for minutes.

    Raises:
        EngineError: When no server answers there.
    """
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or CONNECT_PORT), 10).close()
    except (OSError, ValueError) as error:
        raise EngineError("NIGHTLIST_SPARK", f"a Spark Connect server at {_place(address)}",
                          str(error), "start it, or mend the address") from None


def _place(address: str) -> str:
    """The address without what may follow it: a token is a secret."""
    return address.partition("/;")[0]


def _sail() -> str:
    """Start pysail's server inside this process and return its address."""
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _SERVERS.append(server)
    return f"sc://127.0.0.1:{server.listening_address[1]}"
