"""A DuckDB for a program over whole tables, which keeps on disk what memory does not hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from duckdb import DuckDBPyConnection

from jobs import lake

#: More is kept on disk meanwhile.
_MEMORY = "2GiB"


@contextmanager
def spilling(**settings: Any) -> Iterator[DuckDBPyConnection]:
    """A connection with further settings of DuckDB's; its folder goes with it."""
    with (tempfile.TemporaryDirectory(prefix="nightlist-") as folder,
          lake.duck(memory_limit=_MEMORY, temp_directory=folder, **settings) as connection):
        yield connection
