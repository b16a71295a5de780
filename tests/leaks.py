"""Looks for raw identifiers in everything that a home holds outside landing."""

import re

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.contracts.feeds import FEEDS

#: Where raw identifiers may be: delivered files, the city's own truth, and the keys.
ALLOWED = {"landing", "truth", "keys"}
_WORD = re.compile(r"[A-Za-z0-9_-]{8,}")


def raw_identifiers(home):
    """Every identifier that was delivered as Parquet."""
    found = set()
    for feed in FEEDS.values():
        files = f"{home}/landing/{feed.name}/*/*.parquet"
        if feed.identifiers and list((home / "landing" / feed.name).glob("*/*.parquet")):
            for name in feed.identifiers:
                rows = duckdb.sql(f"select distinct {name} from '{files}' "
                                  f"where length({name}) >= 8").fetchall()
                found |= {value for value, in rows}
    return found


def leaked(home, raw):
    """File below the home -> the raw identifiers in it."""
    found = {}
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home)
        if path.is_file() and place.parts[0] not in ALLOWED:
            words = set(_WORD.findall(_text(path))) & raw
            if words:
                found[str(place)] = words
    return found


def _text(path):
    """What a file holds, decompressed where it is Parquet; a path can say too much as well."""
    if path.suffix != ".parquet":
        return str(path) + path.read_bytes().decode("latin-1")
    table = pq.read_table(path, partitioning=None)
    parts = [str(path)]
    for column in table.columns:
        if pa.types.is_list(column.type):
            column = pa.chunked_array([chunk.flatten() for chunk in column.chunks] or
                                      [pa.array([], pa.string())])
        parts.append("\n".join(map(str, column.unique().to_pylist())))
    return "\n".join(parts)
