"""Landing feeds → clean tables and quarantine.

Sources: `landing/<feed>/<delivery_date>/`. Grain: as the feed. Output:
`clean/<feed>/delivery_date=…/` and, where rows were rejected,
`quarantine/<feed>/delivery_date=…/`.

A delivery is verified whole against its manifest, then each row against its contract. Identical
rows count once (the rest are *duplicates*); rows that share a key but differ are all quarantined,
since nothing says which one is right. Always: received = accepted + quarantined + duplicates.
"""

from __future__ import annotations

import datetime as dt
import shutil
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.table import TYPES, Field, Table
from jobs.errors import DeliveryRefused, NightlistError
from jobs.intake import landing
from jobs.policies.policy import load
from jobs.session import session

COUNTS = "_counts.json"
#: Spaces of any script: what a person reads as nothing.
_BLANK = r"^[\s\u00A0\u3000]*$"


def build(df: DataFrame, feed: Table, delivery_date: dt.date) -> DataFrame:
    """One row for each distinct delivered row, with `copies` and the `reasons` against it.

    Args:
        df: The delivered rows, with the feed's columns.
        feed: Their contract.
        delivery_date: Knowledge time; an event after it is out of range.

    Returns:
        The feed's columns, `copies` (how often the row was delivered, integer) and `reasons`
        (array of `column:rule`, empty for an accepted row).
    """
    distinct = df.groupBy(*feed.columns).agg(F.count(F.lit(1)).alias("copies"))
    broken = [(f"{field.name}:{rule}", condition) for field in feed.fields
              for rule, condition in _rules(field, delivery_date)]
    reasons = F.array_compact(F.array(*[F.when(condition, F.lit(name))
                                        for name, condition in broken]))
    is_valid = F.col("is_valid").cast("long")
    same_key = Window.partitionBy(*feed.key).rowsBetween(Window.unboundedPreceding,
                                                         Window.unboundedFollowing)
    conflict = F.lit(":".join(["+".join(feed.key), "conflict"]))
    return (
        distinct.withColumn("broken", reasons)
        .withColumn("is_valid", F.size("broken") == 0)
        .withColumn("rivals", F.sum(is_valid).over(same_key))
        .withColumn("reasons", F.when(F.col("is_valid") & (F.col("rivals") > 1),
                                      F.array(conflict)).otherwise(F.col("broken")))
        .select(*feed.columns, "copies", "reasons"))


def _rules(field: Field, delivery_date: dt.date) -> list[tuple[str, Column]]:
    """The (rule, condition that breaks it) pairs of a field; a null breaks only `missing`."""
    column = F.col(field.name)
    rules: list[tuple[str, Column]] = []
    if not field.nullable:
        rules.append(("missing", column.isNull()))
    low, high = field.minimum, field.maximum
    if field.type == "date":
        high = delivery_date.isoformat()
    if low is not None:
        rules.append(("below_minimum", column < _bound(field, low)))
    if high is not None:
        rules.append(("above_maximum", column > _bound(field, high)))
    if field.allowed:
        rules.append(("not_allowed", ~column.isin(*field.allowed)))
    if field.not_after:
        rules.append((f"after_{field.not_after}", column > F.col(field.not_after)))
    if field.name == "user_id":
        rules.append(("missing", column.rlike(_BLANK)))
    return rules


def _bound(field: Field, value: int | float | str) -> Column:
    return F.lit(value).cast(TYPES[field.type][0])


def accepted(classified: DataFrame, feed: Table, delivery_date: dt.date) -> DataFrame:
    """The clean rows of a classified delivery, with their knowledge time."""
    return classified.where(F.size("reasons") == 0).select(
        *feed.columns, F.lit(delivery_date).alias("delivery_date"))


def rejected(classified: DataFrame, feed: Table, delivery_date: dt.date) -> DataFrame:
    """The quarantined rows of a classified delivery, whole, with every reason."""
    return classified.where(F.size("reasons") > 0).select(
        "user_id", "reasons", F.to_json(F.struct(*feed.columns)).alias("row_json"),
        F.lit(delivery_date).alias("delivery_date"))


def take_in(home: Path, feed: Table, delivery: landing.Delivery) -> dict[str, int]:
    """Take one verified delivery into the clean table and the quarantine.

    Raises:
        NightlistError: When the counts do not reconcile; nothing of the delivery stays.
    """
    day, clean_folder = delivery.delivery_date, clean_partition(home, feed.name,
                                                                delivery.delivery_date)
    quarantine_folder = home / "quarantine" / feed.name / clean_folder.name
    classified = build(_rows(delivery, feed), feed, day)
    invalid = (F.size("reasons") > 0).cast("long")
    row = classified.agg(F.sum("copies").alias("received"), F.sum(invalid).alias("quarantined"),
                         F.sum(F.col("copies") - 1).alias("duplicates")).collect()[0]
    counts = {"received": row["received"], "accepted": 0, "quarantined": 0,
              "duplicates": row["duplicates"]}
    if row["quarantined"]:
        counts["quarantined"] = store.write(rejected(classified, feed, day),
                                            feeds.quarantine(feed), quarantine_folder)
    staged = clean_folder.with_name(f".new-{clean_folder.name}")
    counts["accepted"] = store.write(accepted(classified, feed, day), feeds.clean(feed), staged)
    reconcile(feed.name, day, delivery.rows, counts)
    store.write_json({**counts, "fingerprint": delivery.fingerprint,
                      "currency": delivery.currency}, staged / COUNTS)
    shutil.rmtree(clean_folder, ignore_errors=True)
    staged.rename(clean_folder)
    return counts


def _rows(delivery: landing.Delivery, feed: Table) -> DataFrame:
    """The rows of all files in the contract's types: each file may have widths of its own."""
    files = [session().read.parquet(str(path)).select(
        *[F.col(f.name).cast(TYPES[f.type][0]).alias(f.name) for f in feed.fields])
        for path in delivery.files]
    return reduce(DataFrame.unionAll, files)


def reconcile(feed: str, day: dt.date, delivered: int, counts: dict[str, int]) -> None:
    """Refuse counts that lose or invent a row.

    Raises:
        NightlistError: When received is not accepted + quarantined + duplicates, or not what
            the manifest says.
    """
    parts = counts["accepted"] + counts["quarantined"] + counts["duplicates"]
    if not delivered == counts["received"] == parts:
        raise NightlistError(
            f"{feed}/{day}", f"{delivered} rows = accepted + quarantined + duplicates",
            f"received {counts['received']}, parts {parts}",
            "rerun intake; if it stays, report it: rows were lost")


def clean_partition(home: Path, feed: str, day: dt.date | str) -> Path:
    """Folder of a delivery's accepted rows."""
    return home / "clean" / feed / f"delivery_date={day}"


def taken_in(home: Path, feed: str, day: dt.date | str) -> dict[str, int | str] | None:
    """Counts and fingerprint of a delivery taken in before, or None."""
    counts: dict[str, int | str] | None = store.read_json(clean_partition(home, feed, day) / COUNTS)
    return counts


def main(run: Run) -> dict[str, int]:
    """Take in every new delivery up to the as-of date, of every feed.

    Raises:
        DeliveryRefused: For a missing mandatory feed, or a delivery that is not what its
            manifest says, or that changed after it was taken in.
    """
    currency = load(run.policy, run.as_of).currency
    landing.check_feeds(run.home, feeds.FEEDS)
    totals = {"received": 0, "accepted": 0, "quarantined": 0, "duplicates": 0}
    for feed in feeds.FEEDS.values():
        days = landing.delivery_dates(run.home, feed.name, run.as_of)
        if feed.mandatory and not days:
            raise DeliveryRefused(f"landing/{feed.name}", f"a delivery by {run.as_of}", "none",
                                  "ask the feed's owner, " + feed.owner + ", to deliver")
        for day in days:
            before = taken_in(run.home, feed.name, day)
            if before is None:
                _in_order(run.home, feed.name, day)
                delivery = landing.verify(run.home, feed, day)
                check_currency(feed.name, day, delivery.currency, run.policy, currency)
                counts = take_in(run.home, feed, delivery)
                totals = {key: totals[key] + counts[key] for key in totals}
            elif before["fingerprint"] != landing.manifest_fingerprint(run.home, feed, day):
                raise DeliveryRefused(f"{feed.name}/{day}", "the delivery that was taken in",
                                      "another one in its place", "landing is append-only: "
                                      "restore it and deliver under a new date")
    return totals


def _in_order(home: Path, feed: str, day: dt.date) -> None:
    """Refuse a delivery dated before one that nights have seen: it would rewrite those nights.

    Raises:
        DeliveryRefused: Naming the newest delivery taken in.
    """
    newest = max((path.name.partition("=")[2] for path in
                  (home / "clean" / feed).glob("delivery_date=*")), default="")
    if day.isoformat() < newest:
        raise DeliveryRefused(f"landing/{feed}/{day}", f"deliveries after {newest}, the newest "
                              "one taken in", "an earlier one that was not there before",
                              "deliver it under the date on which it came")


def check_currency(feed: str, day: dt.date | str, found: object, policy: str,
                   currency: str) -> None:
    """Refuse amounts in another currency than the policy's.

    Raises:
        DeliveryRefused: Naming the delivery.
    """
    if found != currency:
        raise DeliveryRefused(f"{feed}/{day}", f"amounts in {currency}, as the policy {policy} "
                              "says", str(found), "name the product's policy with --policy, or "
                              "use another --home")
