"""Whom the bureau is known to have a file of, in a night that was frozen without it.

Where a feed of the bureau's files is late beyond what the policy allows and left out, its features
are null, and rules that let a missing value pass would take everyone for clean. A person of whom
the bureau has told anything, however old, is therefore marked (`bureau_unseen`), and a rule of the
policy keeps them out: no policy may leave the feed out without one (`jobs/policies/feeds.py`).
Nothing but that a file exists is read of the deliveries left out.

Everybody else goes on as the thin file that they are: their features were null before, so that the
model, its calibration for thin files and the coupling rows by segment judge them as on any night.
The marked stand in the same segment: it says by which evidence a person is judged, and a score
without the bureau is calibrated as one. An offer that was sent to one of them is kept, unless the
policy names the rule in `honour_unless`. What is left is the risk that a thin file became a thick
one since the last delivery.

Who does not agree to the use of bureau reports is judged without them on every night, so they are
not marked. Sources: the deliveries frozen under `bureau_files`, consents. Grain: one user.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.config import Run
from jobs.contracts import feeds
from jobs.features import consent
from jobs.inputs import BUREAU_FILES_KEY, facts, facts_of, feed_deliveries, unchanged
from jobs.labels.known import known
from jobs.policies.feeds import BUREAU_FILES, BUREAU_UNSEEN


def build(filed: DataFrame, permitted: DataFrame | None) -> DataFrame:
    """`user_id` and `bureau_unseen` (1), of whom the bureau has a file that may be used.

    Args:
        filed: `user_id` of everyone whom the bureau has told of, in any number.
        permitted: What `consent.build` gives for these people, or None where the product records
            no consents.
    """
    people = filed.select("user_id").distinct()
    if permitted is not None:
        agreed = permitted.where(consent.PREFIX + feeds.BUREAU_TRADELINES.purpose)
        people = people.join(agreed.select("user_id"), on="user_id", how="inner")
    return people.select("user_id", F.lit(1).cast("long").alias(BUREAU_UNSEEN))


def of(spark: SparkSession, run: Run) -> DataFrame:
    """The people of a night; nobody where its inputs hold the bureau."""
    rows = unchanged(run).get(BUREAU_FILES_KEY, [])
    told = [known(facts_of(spark, run.home, feed, [row for row in rows if row["feed"] == name]),
                  feed.key, run.as_of).select("user_id")
            for name, feed in feeds.FEEDS.items() if name in BUREAU_FILES]
    filed = reduce(DataFrame.union, told).distinct()
    permitted = None
    if rows and feed_deliveries(run, feeds.CONSENTS):
        permitted = consent.build(filed, facts(spark, run, feeds.CONSENTS), run.as_of)
    return build(filed, permitted)
