"""What a step costs: peak memory of the process, rows and bytes of the files it wrote.

Written files are counted where they get their place (`jobs/store.py` and the few that place files
themselves), so a cluster's workers count as well as this process.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq

_written = {"rows": 0, "bytes": 0}


def wrote(path: Path) -> None:
    """Count a file, or a folder's files: their bytes, and the rows of those that are Parquet."""
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            _written["bytes"] += file.stat().st_size
            if file.suffix == ".parquet":
                with file.open("rb") as stream:
                    _written["rows"] += pq.read_metadata(stream).num_rows


def reset() -> None:
    """Start counting anew, at the beginning of a step."""
    _written.update(rows=0, bytes=0)
    reset_peak_memory()


def written() -> dict[str, int]:
    """`rows` and `bytes` written since the reset."""
    return dict(_written)


def reset_peak_memory() -> None:
    """Start the kernel's peak counter of this process anew (Linux; elsewhere it goes on)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pass


def peak_memory_mib() -> int:
    """Peak resident memory of this process since the reset, in MiB."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)
