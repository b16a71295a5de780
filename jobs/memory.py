"""Peak memory of this process, by the kernel's own counter."""

from __future__ import annotations

import sys
from pathlib import Path


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
