"""The feature matrices of a night: one to learn from, one to score.

Sources: clean bound_cards, statements, bureau_tradelines; labels. Grain: one user and as-of date.
Output: `training_matrix` (people whose outcome is known, as of the day their performance window
opened) and `feature_matrix` (everyone else with a bound card, as of the night).
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.night import FEATURE_MATRIX, LABELS, TRAINING_MATRIX
from jobs.features import bureau, statements
from jobs.features.point_in_time import SPINE, last_months, recent, visible
from jobs.inputs import facts
from jobs.session import session

#: A monthly fact older than this is not among "the last six": two months may be on their way.
RECENT_MONTHS = 8


def build(spine: DataFrame, cards: DataFrame, bills: DataFrame, status: DataFrame) -> DataFrame:
    """Features of every row of the spine, from what it may see.

    Args:
        spine: `user_id`, `as_of_date`, unique.
        cards: Clean bound_cards.
        bills: Clean statements.
        status: Clean bureau_tradelines.
    """
    card = bound(visible(spine, cards, feeds.BOUND_CARDS.key))
    months = last_months(recent(visible(spine, bills, feeds.STATEMENTS.key), RECENT_MONTHS),
                         {"balance_minor": "balance", "payment_minor": "payment"},
                         statements.MONTHS)
    lines = recent(visible(spine, status, feeds.BUREAU_TRADELINES.key), RECENT_MONTHS)
    worst = lines.groupBy(*SPINE, "event_date").agg(
        F.max("repayment_status").alias("repayment_status"))
    past = last_months(worst, {"repayment_status": "status"}, bureau.MONTHS)
    wide = reduce(lambda left, right: left.join(right, on=list(SPINE), how="left"),
                  [card, months, past], spine.select(*SPINE))
    named = {
        "age_years": F.col("age_years"),
        "segment": F.when(F.col("status_1").isNotNull(), "thick_file").otherwise("thin_file"),
        "statement_months": _known("balance", statements.MONTHS),
        "bureau_months": _known("status", bureau.MONTHS),
        "card_limit_minor": F.col("limit"), **bureau.features(), **statements.features(),
    }
    return (wide
            .select(*SPINE, *[column.cast(FEATURE_MATRIX.spark_schema[name].dataType).alias(name)
                              for name, column in named.items()])
            .select(*FEATURE_MATRIX.columns))


def bound(cards: DataFrame) -> DataFrame:
    """The cards that are bound, in one row a person: the highest limit and the age.

    Args:
        cards: Visible bound_cards; of one card the newest row says whether it is bound.
    """
    newest = Window.partitionBy(*SPINE, "card_number").orderBy(F.col("event_date").desc())
    return (cards.withColumn("recency", F.row_number().over(newest))
            .where((F.col("recency") == 1) & (F.col("action") == "bind"))
            .groupBy(*SPINE)
            .agg(F.max("card_limit_minor").alias("limit"), F.max("age_years").alias("age_years")))


def _known(prefix: str, months: int) -> F.Column:
    return statements.how_many([F.col(f"{prefix}_{k}").isNotNull()
                                for k in range(1, months + 1)])


def candidates(cards: DataFrame, labels: DataFrame, as_of: F.Column) -> DataFrame:
    """The spine to score: everyone with a bound card whose outcome is not known already."""
    holders = (cards.where((F.col("event_date") <= as_of) & F.col("voided_on").isNull())
               .select("user_id").distinct())
    return (holders.join(labels.select("user_id").distinct(), on="user_id", how="left_anti")
            .select("user_id", as_of.alias("as_of_date")))


def main(run: Run) -> dict[str, int]:
    """Write both matrices of the night."""
    spark = session()
    cards, bills, status = (facts(spark, run, feed) for feed in
                            (feeds.BOUND_CARDS, feeds.STATEMENTS, feeds.BUREAU_TRADELINES))
    labels = store.read(spark, run.folder / "labels", LABELS)
    learned = build(labels, cards, bills, status).join(
        labels, on=list(SPINE), how="inner").select(*TRAINING_MATRIX.columns)
    asked = candidates(cards, labels, F.lit(run.as_of))
    return {
        "training": store.write(learned, TRAINING_MATRIX, run.folder / "training_matrix"),
        "considered": store.write(build(asked, cards, bills, status), FEATURE_MATRIX,
                                  run.folder / "feature_matrix")}
