"""Rows of Arrow as the CSV text that COPY reads: made a batch at a time, not a row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

#: A missing value is an empty field without quotes, an empty text one with quotes.
_OPTIONS = pa.csv.WriteOptions(include_header=False, quoting_style="needed")


def texts(batches: Iterator[pa.Table]) -> Iterator[tuple[pa.Buffer, int]]:
    """CSV and number of rows of each batch; the next is made while the caller sends this one."""
    made = ((as_csv(rows), rows.num_rows) for rows in batches)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, made, None)
        while (ready := coming.result()) is not None:
            coming = pool.submit(next, made, None)
            yield ready


def as_csv(rows: pa.Table) -> pa.Buffer:
    """CSV in UTF-8 without a header; lists are PostgreSQL's array literals."""
    columns = [_literals(column) if pa.types.is_list(column.type) else column
               for column in rows.columns]
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(pa.table(columns, names=rows.schema.names), sink, _OPTIONS)
    return sink.getvalue()


def _literals(lists: pa.ChunkedArray) -> pa.Array:
    """`{"A","B"}` of each list of texts; missing stays missing."""
    whole = lists.combine_chunks()
    coded = whole.values.dictionary_encode()  # few codes make many lists
    texts = pc.replace_substring_regex(coded.dictionary, r'(["\\])', r"\\\1")
    quoted = pc.coalesce(pc.binary_join_element_wise('"', texts, '"', "").take(coded.indices),
                         "NULL")
    parts = pa.ListArray.from_arrays(whole.offsets, quoted)
    found = pc.binary_join_element_wise("{", pc.binary_join(parts, ","), "}", "")
    return pc.if_else(whole.is_valid(), found, pa.scalar(None, pa.string()))
