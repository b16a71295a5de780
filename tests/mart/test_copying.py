"""Rows as the text that COPY reads: nothing lost, nothing confused with nothing."""

import csv
import io

import pyarrow as pa
import pytest

from jobs.mart.copying import as_csv, texts


def text(values, kind=pa.string()):
    return as_csv(pa.table({"a": pa.array(values, kind)})).to_pybytes().decode()


def test_a_missing_text_is_nothing_and_an_empty_one_is_quoted():
    assert text(["x", None, "", 'a"b']) == '"x"\n\n""\n"a""b"\n'


@pytest.mark.parametrize(("value", "literal"), [
    (["A", "B"], '{"A","B"}'), ([], "{}"), (['q"u', "back\\slash"], '{"q\\"u","back\\\\slash"}'),
    (["{,}", "NULL"], '{"{,}","NULL"}'), ([None, "x"], '{NULL,"x"}')])
def test_a_list_is_an_array_literal(value, literal):
    (found,), = csv.reader(io.StringIO(text([value], pa.list_(pa.string()))))
    assert found == literal


def test_a_missing_list_is_nothing_also_in_a_slice():
    lists = pa.table({"a": pa.array([["A"], None, [], ["B"]], pa.list_(pa.string()))})
    assert as_csv(lists.slice(1)).to_pybytes() == b'\n"{}"\n"{""B""}"\n'


def test_batches_come_in_their_order_with_their_rows():
    batches = [pa.table({"a": ["x"] * number}) for number in (1, 3, 2)]
    assert [(found.to_pybytes(), count) for found, count in texts(iter(batches))] == [
        (b'"x"\n' * number, number) for number in (1, 3, 2)]


def test_an_error_in_a_batch_reaches_the_caller():
    def broken():
        yield pa.table({"a": ["x"]})
        raise OSError("no such file")
    with pytest.raises(OSError, match="no such file"):
        list(texts(broken()))
