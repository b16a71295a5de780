"""The feature matrices of a night: one to learn from, one to score.

Sources: clean bound_cards, statements, bureau_tradelines, bureau_public_records, social_edges,
consents; windows; labels. Grain: one user and as-of date. Output: `training_matrix` (people whose
outcome is known, as of the day their performance window opened) and `feature_matrix` (everyone else
with a bound card, as of the night). What a person does not agree to is null, and `run.json` counts
the people of each purpose (`withheld_people`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.night import FEATURE_MATRIX, LABELS, TRAINING_MATRIX
from jobs.contracts.table import Table
from jobs.features import across, bureau, cards, consent, debts, roll, social, statements
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


def build(spine: DataFrame, bound: DataFrame, bills: DataFrame, status: DataFrame,
          windowed: Mapping[str, DataFrame] = EMPTY, friends: DataFrame | None = None,
          permitted: DataFrame | None = None, records: DataFrame | None = None) -> DataFrame:
    """Features of every row of the spine, from what it may see.

    Args:
        spine: `user_id`, `as_of_date`, unique.
        bound: Clean bound_cards.
        bills: Clean statements.
        status: Clean bureau_tradelines.
        windowed: Source -> its windows and `as_of_date`, see `windows.table`; of a source that is
            not there nothing is known.
        friends: What `social.build` gives for the spine's dates, or None where nothing is known.
        permitted: What `consent.build` gives for everyone in the spine, or None where the product
            records no consents.
        records: Clean bureau_public_records, or None where none were ever delivered.
    """
    card = cards.build(visible(spine, bound, feeds.BOUND_CARDS.key))
    months = last_months(recent(visible(spine, bills, feeds.STATEMENTS.key), RECENT_MONTHS),
                         {"balance_minor": "balance", "payment_minor": "payment"},
                         statements.MONTHS)
    lines = recent(visible(spine, status, feeds.BUREAU_TRADELINES.key), RECENT_MONTHS)
    worst = lines.groupBy(*SPINE, "event_date").agg(
        F.max("repayment_status").alias("repayment_status"))
    past = last_months(worst, {"repayment_status": "status"}, bureau.MONTHS)
    parts = [(card, feeds.BOUND_CARDS), (months, feeds.STATEMENTS),
             (past, feeds.BUREAU_TRADELINES), (debts.build(lines), feeds.BUREAU_TRADELINES),
             *((windowed[source.name], source.feed) for source in SOURCES
               if source.name in windowed),
             *([(friends, feeds.SOCIAL_EDGES)] if friends is not None else []),
             *([(debts.records(visible(spine, records, feeds.BUREAU_PUBLIC_RECORDS.key)),
                 feeds.BUREAU_PUBLIC_RECORDS)] if records is not None else [])]
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
        **{field.name: F.col(field.name) for field in (*cards.FIELDS, *debts.FIELDS)},
        **{field.name: F.lit(None) if records is None else debts.none_on_record(field.name)
           for field in debts.RECORD_FIELDS},
    }
    return (wide.select(*SPINE, *_typed(named))
            .select("*", *_typed(across.features()))
            .select(*FEATURE_MATRIX.columns))


def _typed(named: Mapping[str, F.Column]) -> list[F.Column]:
    return [column.cast(FEATURE_MATRIX.spark_schema[name].dataType).alias(name)
            for name, column in named.items()]


def _permitted(wide: DataFrame, parts: list[tuple[DataFrame, Table]]) -> DataFrame:
    """Nothing of a source whose purpose the person does not agree to, before anything is made."""
    purposes = {name: feed.purpose for part, feed in parts for name in part.columns
                if name not in SPINE}
    return wide.select(*SPINE, consent.PREFIX + ACCOUNTS_PURPOSE,
                       *[consent.withheld(F.col(name), purpose).alias(name)
                         for name, purpose in purposes.items()])


def _known(prefix: str, months: int) -> F.Column:
    return statements.how_many([F.col(f"{prefix}_{k}").isNotNull()
                                for k in range(1, months + 1)])


def candidates(bound: DataFrame, labels: DataFrame, as_of: F.Column) -> DataFrame:
    """The spine to score: everyone with a bound card whose outcome is not known already."""
    holders = (bound.where((F.col("event_date") <= as_of) & F.col("voided_on").isNull())
               .select("user_id").distinct())
    return (holders.join(labels.select("user_id").distinct(), on="user_id", how="left_anti")
            .select("user_id", as_of.alias("as_of_date")))


def main(run: Run) -> dict[str, int]:
    """Write both matrices of the night."""
    spark = session()
    bound, bills, status, consents = (facts(spark, run, feed) for feed in (
        feeds.BOUND_CARDS, feeds.STATEMENTS, feeds.BUREAU_TRADELINES, feeds.CONSENTS))
    records = (facts(spark, run, feeds.BUREAU_PUBLIC_RECORDS)
               if feed_deliveries(run, feeds.BUREAU_PUBLIC_RECORDS) else None)
    labels = store.read(spark, run.folder / "labels", LABELS)
    asked = candidates(bound, labels, F.lit(run.as_of))
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
    learned = build(labels, bound, bills, status, _windows(spark, run, past),
                    _friends(spark, run, past, permitted), permitted, records).join(
        labels, on=list(SPINE), how="inner").select(*TRAINING_MATRIX.columns)
    scored = build(asked, bound, bills, status, _windows(spark, run, [run.as_of]),
                   _friends(spark, run, [run.as_of], permitted), permitted, records)
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
