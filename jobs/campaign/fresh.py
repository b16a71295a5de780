"""What is known of people on the day of sending, whatever the night knew.

Sources: deliveries of a few feeds up to the day, taken in first, read by the two clocks; the
policy in force on the day. Grain: one user of the wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.campaign.send import SENT_SCHEMA
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.features import consent
from jobs.inputs import facts_of, in_force
from jobs.intake import landing
from jobs.intake.intake import take_in_feed
from jobs.labels.known import known
from jobs.lock import locked
from jobs.offers import permission
from jobs.offers.eligibility import fails
from jobs.policies.campaign import RECHECKED
from jobs.policies.policy import Policy
from jobs.progress import Progress
from jobs.show import harmless
from jobs.steps import LOCK_WAIT_SECONDS

#: All that is read again; cards say whom a suppressed national id stands for.
FEEDS: tuple[Table, ...] = (feeds.BOUND_CARDS, feeds.CONSENTS, feeds.MARKETING_OPT_OUTS,
                            feeds.SUPPRESSIONS, feeds.INVITATIONS)
#: Whose use of account data a person agrees to; see the feature matrix.
_ACCOUNTS = consent.PREFIX + "account_data"
Deliveries = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Fresh:
    """As in `send.Known`: rules that fail, closed channels, invitations of ours."""

    failing: dict[str, str]
    closed: dict[str, list[str]]
    invited: pa.Table


def take_in(run: Run, currency: str, told: Progress) -> Deliveries:
    """Take in what is new of FEEDS, and say which deliveries count on the day, by feed.

    Args:
        run: Home, the day of sending as its as-of date, and the policy.
        currency: Of the release.
        told: Hears of every feed.

    Raises:
        DeliveryRefused: For a delivery that is not what it says; nothing may be sent on it.
    """
    landing.check_feeds(run.home, feeds.FEEDS)
    found = {}
    for feed in FEEDS:
        told(f"taking in {feed.name}", 0, None)
        with locked(run.home / ".lock", LOCK_WAIT_SECONDS, f"intake of {feed.name}"):
            take_in_feed(run, feed, landing.delivery_names(run.home, feed.name, run.as_of))
        found[feed.name] = in_force(run, feed.name, currency)
    return found


def look(spark: SparkSession, run: Run, people: DataFrame, deliveries: Deliveries,
         policy: Policy) -> Fresh:
    """What is known of the people.

    Args:
        spark: The engine.
        run: As of `take_in`.
        people: `user_id`, unique.
        deliveries: What `take_in` gives.
        policy: In force on the day.
    """
    def told(feed: Table) -> DataFrame:
        rows = facts_of(spark, run.home, feed, deliveries[feed.name])
        return known(rows, feed.key, run.as_of)

    barred = permission.barriers(told(feeds.SUPPRESSIONS), told(feeds.BOUND_CARDS),
                                 told(feeds.MARKETING_OPT_OUTS))
    consents = deliveries[feeds.CONSENTS.name]
    agreed = (people.select("user_id", F.lit(None).cast("long").alias("account_consents"))
              if not consents else
              consent.build(people, facts_of(spark, run.home, feeds.CONSENTS, consents), run.as_of)
              .select("user_id", F.col(_ACCOUNTS).cast("long").alias("account_consents")))
    asked = build(agreed, permission.counts(barred), policy).toArrow()
    mine = (told(feeds.INVITATIONS).where(F.col("lender") == "own")
            .join(people, on="user_id", how="left_semi")
            .select("user_id", "offer_id", F.col("event_date").alias("sent_on")).toArrow())
    users = harmless(asked["user_id"]).to_pylist()
    return Fresh(
        {user: rule for user, rule in zip(users, asked["failing_rule"].to_pylist()) if rule},
        {user: names for user, names in zip(users, asked["closed_channel_names"].to_pylist())
         if names},
        pa.table([harmless(mine["user_id"]), harmless(mine["offer_id"]), mine["sent_on"]],
                 schema=SENT_SCHEMA))


def build(agreed: DataFrame, barred: DataFrame, policy: Policy) -> DataFrame:
    """`user_id`, `failing_rule` (null: none), `closed_channel_names` of everyone.

    Args:
        agreed: `user_id`, `account_consents`.
        barred: What `permission.counts` gives.
        policy: Its rules named in `campaign.recheck` are asked, in its order.
    """
    rules = [rule for rule in policy.rules if rule.name in policy.campaign.recheck]
    people = agreed.join(barred, on="user_id", how="left")
    for name in RECHECKED:
        if name != "account_consents":
            people = people.withColumn(name, F.coalesce(name, F.lit(0)))
    first = F.coalesce(*[F.when(fails(rule), F.lit(rule.name)) for rule in rules],
                       F.lit(None).cast("string"))
    return people.select("user_id", first.alias("failing_rule"), "closed_channel_names")


def wave_rows(spark: SparkSession, files: list[Path], wave: int) -> DataFrame:
    """The rows of a wave out of a release's whitelist."""
    return spark.read.parquet(*map(str, files)).where(F.col("wave") == wave)
