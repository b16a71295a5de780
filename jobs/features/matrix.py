"""The feature matrices of a night: one to learn from, one to score.

Sources: clean bound_cards, statements, bureau_tradelines, consents; windows; labels. Grain: one
user and as-of date. Output: `training_matrix` (people whose outcome is known, as of the day their
performance window opened) and `feature_matrix` (everyone else with a bound card, as of the night).
What a person does not agree to is null, and `run.json` counts the people of each purpose
(`withheld_people`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.night import FEATURE_MATRIX, LABELS, TRAINING_MATRIX
from jobs.contracts.table import Table
from jobs.features import bureau, consent, roll, social, statements
from jobs.features.families import FEATURES as WINDOW_FEATURES
from jobs.features.families import SOURCES
from jobs.features.point_in_time import SPINE, last_months, recent, visible
from jobs.inputs import facts, feed_deliveries, record
from jobs.session import session
from jobs.tiles.build import as_of_dates

#: What cards and statements rest on: without it there is nothing to decide by.
ACCOUNTS_PURPOSE = feeds.BOUND_CARDS.purpose
EMPTY: Mapping[str, DataFrame] = MappingProxyType({})

#: A monthly fact older than this is not among "the last six": two months may be on their way.
RECENT_MONTHS = 8


def build(spine: DataFrame, cards: DataFrame, bills: DataFrame, status: DataFrame,
          windowed: Mapping[str, DataFrame] = EMPTY, friends: DataFrame | None = None,
          permitted: DataFrame | None = None) -> DataFrame:
    """Features of every row of the spine, from what it may see.

    Args:
        spine: `user_id`, `as_of_date`, unique.
        cards: Clean bound_cards.
        bills: Clean statements.
        status: Clean bureau_tradelines.
        windowed: Source -> its windows and `as_of_date`, see `windows.table`; of a source that is
            not there nothing is known.
        friends: What `social.build` gives for the spine's dates, or None where nothing is known.
        permitted: What `consent.build` gives for everyone in the spine, or None where the product
            records no consents.
    """
    card = bound(visible(spine, cards, feeds.BOUND_CARDS.key))
    months = last_months(recent(visible(spine, bills, feeds.STATEMENTS.key), RECENT_MONTHS),
                         {"balance_minor": "balance", "payment_minor": "payment"},
                         statements.MONTHS)
    lines = recent(visible(spine, status, feeds.BUREAU_TRADELINES.key), RECENT_MONTHS)
    worst = lines.groupBy(*SPINE, "event_date").agg(
        F.max("repayment_status").alias("repayment_status"))
    past = last_months(worst, {"repayment_status": "status"}, bureau.MONTHS)
    parts = [(card, feeds.BOUND_CARDS), (months, feeds.STATEMENTS),
             (past, feeds.BUREAU_TRADELINES),
             *((windowed[source.name], source.feed) for source in SOURCES
               if source.name in windowed),
             *([(friends, feeds.SOCIAL_EDGES)] if friends is not None else [])]
    known = spine.select(*SPINE)
    if permitted is not None:
        known = known.join(permitted, on="user_id", how="left")
    wide = reduce(lambda left, part: left.join(part[0], on=list(SPINE), how="left"), parts, known)
    if permitted is not None:
        wide = _permitted(wide, parts)
    agrees = F.lit(None) if permitted is None else F.col(consent.PREFIX + ACCOUNTS_PURPOSE)
    named = {
        "age_years": F.col("age_years"),
        "account_consents": agrees.cast("long"),
        "segment": F.when(F.col("status_1").isNotNull(), "thick_file").otherwise("thin_file"),
        "statement_months": _known("balance", statements.MONTHS),
        "bureau_months": _known("status", bureau.MONTHS),
        "card_limit_minor": F.col("limit"), **bureau.features(), **statements.features(),
        **{one.field.name: one.value() if one.source.name in windowed else F.lit(None)
           for one in WINDOW_FEATURES},
        **{field.name: F.lit(None) if friends is None else F.col(field.name)
           for field in social.FIELDS},
    }
    return (wide
            .select(*SPINE, *[column.cast(FEATURE_MATRIX.spark_schema[name].dataType).alias(name)
                              for name, column in named.items()])
            .select(*FEATURE_MATRIX.columns))


def _permitted(wide: DataFrame, parts: list[tuple[DataFrame, Table]]) -> DataFrame:
    """Nothing of a source whose purpose the person does not agree to, before anything is made."""
    purposes = {name: feed.purpose for part, feed in parts for name in part.columns
                if name not in SPINE}
    return wide.select(*SPINE, consent.PREFIX + ACCOUNTS_PURPOSE,
                       *[consent.withheld(F.col(name), purpose).alias(name)
                         for name, purpose in purposes.items()])


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
    cards, bills, status, consents = (facts(spark, run, feed) for feed in (
        feeds.BOUND_CARDS, feeds.STATEMENTS, feeds.BUREAU_TRADELINES, feeds.CONSENTS))
    labels = store.read(spark, run.folder / "labels", LABELS)
    asked = candidates(cards, labels, F.lit(run.as_of))
    permitted = None
    if feed_deliveries(run, feeds.CONSENTS):
        # Friends who hold no card are asked too.
        people = reduce(DataFrame.union, [one.select("user_id") for one in (
            asked, labels, consents)]).distinct()
        permitted = consent.build(people, consents, run.as_of)
        considered = asked.select("user_id").union(labels.select("user_id"))
        record(run, "withheld_people", consent.counts(
            permitted.join(considered, on="user_id", how="left_semi")))
    past = [day for day in as_of_dates(run) if day != run.as_of]
    learned = build(labels, cards, bills, status, _windows(spark, run, past),
                    _friends(spark, run, past, permitted), permitted).join(
        labels, on=list(SPINE), how="inner").select(*TRAINING_MATRIX.columns)
    scored = build(asked, cards, bills, status, _windows(spark, run, [run.as_of]),
                   _friends(spark, run, [run.as_of], permitted), permitted)
    return {
        "training": store.write(learned, TRAINING_MATRIX, run.folder / "training_matrix"),
        "considered": store.write(scored, FEATURE_MATRIX, run.folder / "feature_matrix")}


def _friends(spark: SparkSession, run: Run, days: list[dt.date],
             permitted: DataFrame | None) -> DataFrame | None:
    """Features of friends as of these dates, from people who agree at both ends."""
    told = [row for row in feed_deliveries(run, feeds.SOCIAL_EDGES)
            if any(row["delivery_date"] <= day.isoformat() for day in days)]
    if not told:
        return None
    agreed = None if permitted is None else permitted.where(
        consent.PREFIX + feeds.SOCIAL_EDGES.purpose).select("user_id")
    return social.build(social.as_of(spark, days), facts(spark, run, feeds.SOCIAL_EDGES),
                        facts(spark, run, feeds.LOAN_PERFORMANCE), agreed)


def _windows(spark: SparkSession, run: Run, days: list[dt.date]) -> dict[str, DataFrame]:
    """Source -> its windows as of these dates; sources without any are left out."""
    found: dict[str, DataFrame] = {}
    for one in roll.wanted(run, days):
        part = roll.read(spark, run.home, one).withColumn("as_of_date", F.lit(one.as_of))
        name = one.source.name
        found[name] = found[name].unionByName(part) if name in found else part
    return found
