"""What a step costs: peak memory of the process, rows and bytes of the files it wrote.

Written files are counted where they get their place (`jobs/lake.py`), so what a cluster's workers
wrote counts as well as what this process did.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: Place -> rows and bytes of what was written there since the reset; folder -> places in it.
_written: dict[str, tuple[int, int]] = {}
_within: dict[str, list[str]] = {}


def wrote(path: Path, place: Path | None = None) -> None:
    """Count a file, or a folder's files: their bytes, and the rows of those that are Parquet.

    Args:
        path: Where they lie now.
        place: Where they are about to be moved: what was counted at `path` is counted there.
    """
    import pyarrow.parquet as pq

    rows = size = 0
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            size += file.stat().st_size
            if file.suffix == ".parquet":
                with file.open("rb") as stream:
                    rows += pq.read_metadata(stream).num_rows
    for before in [str(path), *_within.pop(str(path), [])]:
        _written.pop(before, None)
    _count(place or path, rows, size)


def wrote_bytes(size: int, place: Path) -> None:
    """Count a file that is no table by its size, bytes."""
    _count(place, 0, size)


def _count(place: Path, rows: int, size: int) -> None:
    _written[str(place)] = (rows, size)
    _within.setdefault(str(place.parent), []).append(str(place))


def reset() -> None:
    """Start counting anew, at the beginning of a step."""
    _written.clear()
    _within.clear()
    reset_peak_memory()


def written() -> dict[str, int]:
    """`rows` and `bytes` written since the reset; a file written twice counts once."""
    return {"rows": sum(rows for rows, _ in _written.values()),
            "bytes": sum(size for _, size in _written.values())}


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
