"""The feature matrices of a night: one to learn from, one to score.

Sources: clean bound_cards, statements, bureau_tradelines, bureau_public_records, social_edges,
consents; windows; labels. Grain: one user and as-of date. Output: `training_matrix` (the rows of
the labels, as of their observation dates) and `feature_matrix` (everyone with a bound card but the
borrowers, see `labels.borrowers`, as of the night). What a person does not agree to is null, and
`run.json` counts the people of each purpose (`withheld_people`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
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
from jobs.labels.labels import borrowers_of
from jobs.session import session
from jobs.tiles.build import as_of_dates

#: What cards and statements rest on: without it there is nothing to decide by.
ACCOUNTS_PURPOSE = feeds.BOUND_CARDS.purpose
EMPTY: Mapping[str, DataFrame] = MappingProxyType({})
#: People of one query: their wide rows (600 columns) and the tables joined to them fit 1 GiB.
PEOPLE_AT_ONCE = 100_000

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


def considered(bound: DataFrame, lent_to: DataFrame, as_of: F.Column) -> DataFrame:
    """The spine to score: everyone with a bound card but the borrowers.

    An invitation that was refused is no loan: who got one is considered.

    Args:
        bound: Facts of bound_cards.
        lent_to: What `labels.borrowers` gives.
        as_of: The night.
    """
    holders = (bound.where((F.col("event_date") <= as_of) & F.col("voided_on").isNull())
               .select("user_id").distinct())
    return (holders.join(lent_to, on="user_id", how="left_anti")
            .select("user_id", as_of.alias("as_of_date")))


def main(run: Run) -> dict[str, int]:
    """Write both matrices of the night, or the one to learn from of a training."""
    spark = session()
    bound, bills, status, consents = (facts(spark, run, feed) for feed in (
        feeds.BOUND_CARDS, feeds.STATEMENTS, feeds.BUREAU_TRADELINES, feeds.CONSENTS))
    records = (facts(spark, run, feeds.BUREAU_PUBLIC_RECORDS)
               if feed_deliveries(run, feeds.BUREAU_PUBLIC_RECORDS) else None)
    labels = store.read(spark, run.folder / "labels", LABELS)
    asked = considered(bound, borrowers_of(spark, run), F.lit(run.as_of))
    permitted = None
    if feed_deliveries(run, feeds.CONSENTS):
        # Friends who hold no card are asked too.
        people = reduce(DataFrame.union, [one.select("user_id") for one in (
            asked, labels, consents)]).distinct()
        permitted = consent.build(people, consents, run.as_of)
        looked_at = asked.select("user_id").union(labels.select("user_id"))
        record(run, "withheld_people", consent.counts(
            permitted.join(looked_at, on="user_id", how="left_semi")))
    past = [day for day in as_of_dates(run) if day != run.as_of]
    friends = _friends(spark, run, permitted)

    def rows(spine: DataFrame, windowed: Mapping[str, DataFrame],
             some: Callable[[DataFrame], DataFrame]) -> DataFrame:
        return build(some(spine), some(bound), some(bills), some(status),
                     {name: some(one) for name, one in windowed.items()},
                     *[None if one is None else some(one)
                       for one in (friends, permitted, records)])

    then = _windows(spark, run, past)
    learned = (rows(labels, then, some).join(some(labels), on=list(SPINE), how="inner")
               .select(*TRAINING_MATRIX.columns) for some in _parts(labels.count()))
    written = {
        "training": store.write_parts(learned, TRAINING_MATRIX, run.folder / "training_matrix")}
    if run.training:  # which scores nobody
        return written
    now = _windows(spark, run, [run.as_of])
    scored = (rows(asked, now, some) for some in _parts(asked.count()))
    return {**written, "considered": store.write_parts(scored, FEATURE_MATRIX,
                                                       run.folder / "feature_matrix")}


def _parts(people: int) -> list[Callable[[DataFrame], DataFrame]]:
    """Filters that share everyone out: a query holds the wide rows of PEOPLE_AT_ONCE."""
    number = -(-people // PEOPLE_AT_ONCE)

    def part(place: int) -> Callable[[DataFrame], DataFrame]:
        return lambda rows: rows if number <= 1 else rows.where(
            F.crc32("user_id") % number == place)
    return [part(place) for place in range(max(number, 1))]


def _friends(spark: SparkSession, run: Run, permitted: DataFrame | None) -> DataFrame | None:
    """Features of friends as of the run's dates, from people who agree at both ends."""
    if not feed_deliveries(run, feeds.SOCIAL_EDGES):
        return None
    agreed = None if permitted is None else permitted.where(
        consent.PREFIX + feeds.SOCIAL_EDGES.purpose).select("user_id")
    outcomes = facts(spark, run, feeds.LOAN_PERFORMANCE)

    def of(day: dt.date) -> DataFrame:
        edges = facts(spark, run, feeds.SOCIAL_EDGES, _that_tell(run, day))
        return social.build(social.as_of(spark, [day]), edges, outcomes, agreed)

    # Written date by date: the edges of all dates at once are many times those of one.
    folder = run.folder / social.FRIENDS.name
    store.write_parts(map(of, as_of_dates(run)), social.FRIENDS, folder)
    return store.read(spark, folder, social.FRIENDS)


def _that_tell(run: Run, day: dt.date) -> set[dt.date]:
    """Dates of the deliveries that may tell of an edge of the day's window."""
    first = (day - dt.timedelta(days=social.DAYS - 1)).isoformat()
    return {dt.date.fromisoformat(row["delivery_date"])
            for row in feed_deliveries(run, feeds.SOCIAL_EDGES)
            if row["delivery_date"] <= day.isoformat()
            and any(first <= event <= day.isoformat() for event in row["event_dates"])}


def _windows(spark: SparkSession, run: Run, days: list[dt.date]) -> dict[str, DataFrame]:
    """Source -> its windows as of these dates; sources without any are left out."""
    found: dict[str, DataFrame] = {}
    for one in roll.wanted(run, days):
        part = roll.read(spark, run.home, one).withColumn("as_of_date", F.lit(one.as_of))
        name = one.source.name
        found[name] = found[name].unionByName(part) if name in found else part
    return found
