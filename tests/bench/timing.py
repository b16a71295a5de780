"""The benches' stopwatch."""

import time
from collections.abc import Callable


def seconds(work: Callable[[], None]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
