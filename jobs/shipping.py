"""What a cluster's workers need to run our functions: this package goes there with the session.

The functions that the engine maps over Arrow batches are pickled by reference, so a worker imports
`jobs` and `models`. They are shipped as one zip a session, first on the workers' path: a cluster
needs the libraries and no release of this project, and never computes with another one. The
libraries have to be there, in the versions that a night is frozen with: that is asked once a
session.
"""

from __future__ import annotations

import json
import platform
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow as pa
import pyspark
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

import jobs
import models
from jobs.errors import UsageError

#: Of the libraries, those that the functions use; the others compute where the night runs.
ON_WORKERS = ("lightgbm", "numpy", "pyarrow")
_REMEDY = "give the workers' Python the versions of requirements.lock (see dags/cluster.md)"
_WHERE = "workers of NIGHTLIST_SPARK"


def ship(spark: SparkSession) -> None:
    """Send the package to the session's workers, and ask them what they have.

    Raises:
        UsageError: When the server or its workers have other versions than this process.
    """
    wanted, found = pyspark.__version__, spark.version
    if wanted.split(".")[:2] != found.split(".")[:2]:
        raise UsageError("NIGHTLIST_SPARK", f"a server of Spark {wanted}", found,
                         "use that server, or the pyspark of its version in both places")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "nightlist.zip")
        pack(path)
        spark.addArtifacts(str(path), pyfile=True)
    compare(versions(), _ask(spark))


def pack(path: Path) -> None:
    """Write `jobs` and `models` with their data files into a zip, the same bytes for the same."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in (jobs, models):
            root = Path(str(package.__file__)).parent
            for file in sorted(root.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    name = f"{root.name}/{file.relative_to(root).as_posix()}"
                    archive.writestr(zipfile.ZipInfo(name), file.read_bytes())


def versions() -> dict[str, str]:
    """Python (to the minor version) and libraries of the process that asks."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in ON_WORKERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def compare(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Refuse workers whose versions are others.

    Raises:
        UsageError: Naming all that differ.
    """
    others = [name for name in wanted if found.get(name) != wanted[name]]
    if others:
        raise UsageError(_WHERE, ", ".join(f"{name} {wanted[name]}" for name in others),
                         ", ".join(f"{name} {found.get(name, 'none')}" for name in others), _REMEDY)


def _ask(spark: SparkSession) -> dict[str, str]:
    """Versions of one worker: those of a cluster come of one image."""
    try:
        rows = spark.range(1).mapInArrow(_tell, "versions string").collect()
    except PythonException as error:  # the worker began, and could not go on
        raise UsageError(_WHERE, f"Python with {', '.join(ON_WORKERS)}",
                         _what_failed(str(error)), _REMEDY) from None
    found: dict[str, str] = json.loads(rows[0].versions)
    return found


def _what_failed(said: str) -> str:
    """The line of a worker's traceback that tells most: the last that names an error."""
    lines = [line for line in said.splitlines() if "Error" in line or "MISMATCH" in line]
    return (lines or [said])[-1].strip()


def _tell(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"versions": [json.dumps(versions())]})
