"""The manifest of a delivery: how it is written, and the checks that hold files against it.

| key              | meaning                                                                  |
| ---------------- | ------------------------------------------------------------------------ |
| `feed`           | name of the feed's contract                                              |
| `delivery_date`  | the folder's date: from then on we could know it                         |
| `schema_version` | 1                                                                        |
| `format`         | `parquet`, `csv` (header, commas, double quotes) or `jsonl`              |
| `encoding`       | of text files: `utf-8` (default) or `gb18030`                            |
| `sequence`       | 1 (default); 2, 3 … corrects the lower ones of the same date             |
| `replaces`       | dates of earlier deliveries that this one stands in for (default none)   |
| `currency`       | ISO 4217 code of all amounts                                             |
| `rows`           | rows of all files                                                        |
| `files`          | `name`, `rows` and `sha256` of every file; a name in `.gz` is gzip       |
| `control_totals` | exact sum of every integer column of the contract, nulls left out        |

A check raises `Wrong`; `refusals` makes it the refusal of the delivery.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs import store
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused

MANIFEST = "_manifest.json"
SCHEMA_VERSION = 1
FORMATS, ENCODINGS = ("parquet", "csv", "jsonl"), ("utf-8", "gb18030")
_DEFAULTS: dict[str, Any] = {"encoding": "utf-8", "sequence": 1, "replaces": []}
_KINDS: dict[str, type] = {
    "feed": str, "delivery_date": str, "schema_version": int, "format": str, "currency": str,
    "rows": int, "files": list, "control_totals": dict, "encoding": str, "sequence": int,
    "replaces": list}
_FILE_KINDS: dict[str, type] = {"name": str, "rows": int, "sha256": str}
#: Engines take brackets and stars for patterns, and skip names that open with a dot or underscore.
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_KIND_NAMES = {str: "text", int: "a whole number", list: "a list", dict: "an object"}
#: Types taken in place of the contract's: the same values in another width.
_ALSO = {pa.int64(): pa.int32(), pa.string(): pa.large_string()}


class Wrong(Exception):
    """One difference: the part of the delivery it is in, what was expected, what was found."""


@contextmanager
def refusals(feed: str, name: object, remedy: str) -> Iterator[None]:
    """Turn a `Wrong` inside the block into a refusal that names the delivery.

    Raises:
        DeliveryRefused: In place of any `Wrong`.
    """
    try:
        yield
    except Wrong as wrong:
        part, expected, found = wrong.args
        raise DeliveryRefused(" ".join([f"landing/{feed}/{name}", part]).strip(),
                              expected, found, remedy) from None


def expect(is_so: bool, part: str, expected: str, found: str) -> None:
    """Raise `Wrong` unless it is so."""
    if not is_so:
        raise Wrong(part, expected, found)


@dataclass(frozen=True)
class Part:
    """One file of a delivery, as the manifest will list it.

    Attributes:
        name: In the delivery's folder.
        rows: In the file.
        sha256: Of its bytes.
        totals: Exact sum of every integer column.
    """

    name: str
    rows: int
    sha256: str
    totals: dict[str, int]


def part(path: Path, feed: Table, rows: pa.Table) -> Part:
    """What the manifest says of a file that holds these rows."""
    return Part(path.name, rows.num_rows, store.file_sha256(path),
                {name: _total(rows[name]) for name in integer_columns(feed)})


def write(folder: Path, feed: Table, delivery_date: dt.date, parts: list[Part],
          currency: str, **more: Any) -> None:
    """Write the manifest of a delivery of these Parquet files; `more` keys as they are."""
    store.write_json({
        "feed": feed.name, "delivery_date": delivery_date.isoformat(),
        "schema_version": SCHEMA_VERSION, "format": "parquet", "currency": currency,
        "rows": sum(one.rows for one in parts),
        "files": [{"name": one.name, "rows": one.rows, "sha256": one.sha256} for one in parts],
        "control_totals": {name: sum(one.totals[name] for one in parts)
                           for name in integer_columns(feed)}, **more,
    }, folder / MANIFEST)


def read(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The manifest's bytes and content, with every key there and of its kind."""
    path = folder / MANIFEST
    is_there = path.is_file()
    expect(is_there or folder.is_dir(), "", "a delivery", "no such folder")
    expect(not folder.is_symlink(), "", "a folder of landing's own", "a symlink")
    expect(is_there and not path.is_symlink(), MANIFEST, "a manifest", "none")
    raw = path.read_bytes()
    try:
        manifest = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Wrong(MANIFEST, "JSON", f"something else ({error})") from None
    if isinstance(manifest, dict):
        manifest = {**_DEFAULTS, **manifest}
    _check_kinds(MANIFEST, manifest, _KINDS)
    for number, entry in enumerate(manifest["files"]):
        _check_kinds(f"{MANIFEST} files[{number}]", entry, _FILE_KINDS)
    return raw, manifest


def check_head(manifest: dict[str, Any], feed: Table, delivery_date: dt.date,
               sequence: int) -> None:
    """The manifest is this delivery's, in a version that this code reads."""
    for key, expected in (("feed", feed.name), ("delivery_date", delivery_date.isoformat()),
                          ("schema_version", SCHEMA_VERSION), ("sequence", sequence)):
        expect(manifest[key] == expected, f"{MANIFEST} {key}", repr(expected),
               repr(manifest[key]))
    for key, allowed in (("format", FORMATS), ("encoding", ENCODINGS)):
        expect(manifest[key] in allowed, f"{MANIFEST} {key}", " or ".join(allowed),
               repr(manifest[key]))
    for day in manifest["replaces"]:
        expect(_is_date(day) and day < delivery_date.isoformat(), f"{MANIFEST} replaces",
               f"dates before {delivery_date}", repr(day))
    check_currency(manifest["currency"])


def _is_date(text: object) -> bool:
    try:
        return isinstance(text, str) and dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_currency(currency: str) -> None:
    """A currency is three capital letters."""
    expect(re.fullmatch("[A-Z]{3}", currency) is not None, "currency",
           "an ISO 4217 code like CNY", repr(currency))


def check_listing(folder: Path, manifest: dict[str, Any]) -> None:
    """The folder holds the listed files and nothing else, as files of its own."""
    names = [entry["name"] for entry in manifest["files"]]
    present = {path.name: path for path in folder.iterdir()}
    for name in names:
        expect(re.fullmatch(_FILE_NAME, name) is not None, f"{MANIFEST} files",
               "the name of a file in the folder, of letters, digits, dots, dashes and "
               "underscores", repr(name))
        expect(names.count(name) == 1, f"{MANIFEST} files", "each file once", f"{name!r} twice")
        expect(name in present, "", f"the file {name!r} that its manifest lists", "no such file")
        expect(not present[name].is_symlink(), name, "a file in the folder", "a symlink")
        expect(present[name].is_file(), name, "a file", "something else")
    unlisted = sorted(set(present) - set(names) - {MANIFEST})
    expect(not unlisted, "", "only the files its manifest lists",
           f"{', '.join(unlisted)} as well")


def check_file(path: Path, entry: dict[str, Any], feed: Table, form: str) -> None:
    """One file has the bytes that its entry says, and a Parquet file the contract's columns."""
    digest = store.file_sha256(path)
    expect(digest == entry["sha256"].lower(), path.name, f"sha256 {entry['sha256']}", digest)
    if form == "parquet":
        try:
            schema = pq.read_schema(path)
            check_columns(path.name, feed.delivered_with(schema.names), schema)
            rows = pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowException) as error:
            raise Wrong(path.name, "a whole Parquet file",
                        f"an unreadable one ({error})") from None
        expect(rows == entry["rows"], path.name, f"{entry['rows']} rows as its manifest says",
               f"{rows} rows in its footer")


def check_columns(part: str, feed: Table, schema: pa.Schema) -> None:
    """All columns of the contract by name and type, in any order; nullability is not judged."""
    wanted = {field.name: field.type for field in feed.arrow_schema}
    found = dict(zip(schema.names, schema.types))
    wrong = [name for name, kind in wanted.items()
             if found.get(name) not in (kind, _ALSO.get(kind, kind))]
    extra = sorted(set(found) - set(wanted))
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    differences = [f"{name} {found.get(name, 'missing')}" for name in wrong]
    differences += [f"unexpected {name}" for name in extra] + [f"{name} twice" for name in twice]
    expected = (", ".join(f"{name} {wanted[name]}" for name in wrong)
                or f"only its contract's columns, {', '.join(wanted)}")
    expect(not differences, part, expected, ", ".join(differences))


def check_totals(manifest: dict[str, Any], totals: dict[str, int]) -> None:
    """The sums over all files are the manifest's control totals."""
    said = manifest["control_totals"]
    wrong = sorted(name for name in {*said, *totals} if said.get(name) != totals.get(name))
    expect(not wrong, "control total of " + ", ".join(wrong),
           ", ".join(str(said.get(name, "one in the manifest")) for name in wrong),
           ", ".join(str(totals.get(name, "no such integer column")) for name in wrong))


def integer_columns(feed: Table) -> list[str]:
    """The columns that control totals are taken of."""
    return [field.name for field in feed.fields if field.type == "integer"]


def _total(column: pa.Array | pa.ChunkedArray) -> int:
    """Exact sum, nulls left out: in 64 bits a sum could wrap and pass for another."""
    total = pc.sum(column.cast(pa.int64()).cast(pa.decimal128(19, 0))).as_py()
    return int(total or 0)


def _check_kinds(part: str, content: Any, kinds: dict[str, type]) -> None:
    expect(isinstance(content, dict), part, "an object", type(content).__name__)
    missing = [key for key in kinds if key not in content]
    expect(not missing, part, "the keys " + ", ".join(kinds), "no " + ", ".join(missing))
    for key, kind in kinds.items():
        expect(type(content[key]) is kind, f"{part} {key}", _KIND_NAMES[kind],
               repr(content[key]))
