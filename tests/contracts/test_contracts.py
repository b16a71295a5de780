"""Contracts: one definition, from which schemas, checks and the dictionary follow."""

from pathlib import Path

import pytest
from pyspark.sql import functions as F

from jobs.contracts import feeds
from jobs.contracts.dictionary import END, GROUPS, renewed
from jobs.errors import SchemaMismatch, UsageError
from jobs.session import session

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_the_current_dictionary():
    text = README.read_text(encoding="utf-8")
    assert renewed(text, "README.md") == text, "run: make readme"


def test_a_text_without_marks_is_refused():
    with pytest.raises(UsageError, match=END):
        renewed("no marks here", "NOTES.md")


def test_all_differences_are_reported_at_once():
    df = session().range(1).select(
        F.lit("anna").alias("user_id"), F.lit("x").alias("event_date"),
        F.lit(1).cast("long").alias("payment_minor"), F.lit(2).alias("surprise"))
    with pytest.raises(SchemaMismatch) as error:
        feeds.STATEMENTS.check(df, "mend it")
    for part in ("event_date date", "event_date string", "balance_minor no such column",
                 "unexpected surprise", "mend it"):
        assert part in str(error.value)


def test_a_wrong_order_is_a_difference():
    df = session().createDataFrame([], feeds.STATEMENTS.spark_schema)
    with pytest.raises(SchemaMismatch, match="column order"):
        feeds.STATEMENTS.check(df.select(*reversed(df.columns)), "mend it")


@pytest.mark.parametrize("table", [t for _, tables in GROUPS for t in tables],
                         ids=lambda table: table.name)
def test_a_contract_is_complete(table):
    assert set(table.key) <= set(table.columns)
    assert len(set(table.columns)) == len(table.columns)
    assert all(field.meaning.endswith(".") and field.unit for field in table.fields)
    assert table.owner and table.grain and table.source
