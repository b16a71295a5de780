"""The only place that makes a Spark session; `NIGHTLIST_SPARK` chooses the engine.

| value             | engine                                     |
| ----------------- | ------------------------------------------ |
| `sail` (default)  | pysail, in this process, no Java           |
| `sc://host:port`  | the Spark Connect server of a cluster      |
| `local[N]`        | JVM Spark on this machine, through Connect |
"""

from __future__ import annotations

import os
import re
import socket
import sys
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from jobs.errors import UsageError

#: Spark Connect's own default.
CONNECT_PORT = 15002
_SERVERS: list[Any] = []


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
    """The session of this process, made at the first call."""
    return _make(engine())


@cache
def _make(value: str) -> SparkSession:
    # Workers of JVM Spark take another Python than ours unless told.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if value.startswith("local"):
        spark = (SparkSession.builder.remote(value)
                 .config("spark.sql.shuffle.partitions", "4")
                 .config("spark.ui.enabled", "false")
                 .config("spark.driver.memory", "2g").getOrCreate())
    else:
        if value.startswith("sc://"):
            _answers(value)
        spark = SparkSession.builder.remote(_sail() if value == "sail" else value).getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return spark


def _answers(address: str) -> None:
    """Ask once before the client would, without a word, try for minutes.

    Raises:
        UsageError: When no server answers there.
    """
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or CONNECT_PORT), 10).close()
    except (OSError, ValueError) as error:
        raise UsageError("NIGHTLIST_SPARK", f"a Spark Connect server at {address}", str(error),
                         "start it, or mend the address") from None


def _sail() -> str:
    """Start pysail's server inside this process and return its address."""
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _SERVERS.append(server)
    return f"sc://127.0.0.1:{server.listening_address[1]}"
