"""The tables of the release: whitelist, decisions, waterfall, and the ledgers of the campaign.

Sources: `scores`, `eligibility`, `limits`, `rule_facts`, `feature_matrix`, `labels`, `barriers`,
`own_invitations`, the PD model. Grain: one user (waterfall: one step; ledgers: one offer or list).
Output: `whitelist`, `decisions`, `waterfall`, `honour_ledger`, `suppressions_applied` as single
files in key order; their hashes go into `run.json`, beside those of the proof.

An offer that was open yesterday and is the same today keeps its id; one that was sent keeps its
last day as well.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs import store
from jobs.campaign import honour, plan, suppressions
from jobs.config import AUDIT, DECIDING_MODEL, Run
from jobs.contracts import feeds, release
from jobs.contracts.campaign import (BARRIERS, CAMPAIGN_FIELDS, HONOUR_LEDGER, KEPT,
                                     OWN_INVITATIONS, PLANNED, SUPPRESSIONS_APPLIED, TAKEN,
                                     WITHDRAWN)
from jobs.contracts.limits import LIMITS, PROOF, RULE_FACTS
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.contracts.table import TYPES, Table
from jobs.errors import NightlistError
from jobs.inputs import facts, frozen_policy, record
from jobs.labels.labels import borrowers_of
from jobs.limits.assignment import EXPLORATION
from jobs.limits.problem import MINOR
from jobs.policies.law import CALENDAR_DAYS
from jobs.policies.policy import DAYS_PER_YEAR, Policy
from jobs.scores import reasons
from jobs.scores.score import models_of
from jobs.session import session

#: The last steps of the waterfall: eligible, but no offer to the person would pay; or it would, and
#: the money and the quotas earn more with others.
NO_VALUE, PRICED_OUT = "no_value", "priced_out"
LAST_STEPS = ((NO_VALUE, "NO_VALUE"), (PRICED_OUT, "PRICED_OUT"))
#: What an offer is told of the person.
_READ = ("open_offer_id", "open_limit_minor", "open_rate_daily", "open_until",
         "is_open_offer_sent", "closed_channel_names", "may_be_sent_from")
#: Columns of the whitelist that the campaign's plan makes.
_PLANNED = {field.name for field in CAMPAIGN_FIELDS} - {"expected_value_minor"}


def decisions(scores: DataFrame, matrix: DataFrame, eligibility: DataFrame, limits: DataFrame,
              release_id: str) -> DataFrame:
    """One row for everyone considered: invited, or the rules that said no.

    Who is invited at random, or because an offer was sent, keeps the rules that were passed over;
    the first is then empty.
    """
    is_invited = F.coalesce(F.col("is_offered"), F.lit(False))
    without = F.when(F.col("size_reason") == NO_VALUE, NO_VALUE).otherwise(PRICED_OUT)
    failing = (F.when(is_invited | (F.size("failing_rules") > 0), F.col("failing_rules"))
               .otherwise(F.array(without)))
    return (scores
            .join(matrix.select("user_id", "segment"), on="user_id", how="inner")
            .join(eligibility, on="user_id", how="inner")
            .join(limits.select("user_id", "is_offered", "method", "size_reason"), on="user_id",
                  how="left")
            .withColumn("is_invited", is_invited)
            .withColumn("failing_rules", failing)
            .withColumn("first_failing_rule",
                        F.when(~F.col("is_invited"), F.get("failing_rules", F.lit(0))))
            .withColumn("release_id", F.lit(release_id))
            .select(*release.DECISIONS.columns))


def whitelist(decided: DataFrame, limits: DataFrame, facts: DataFrame,
              reason_codes: DataFrame, policy: Policy, as_of: dt.date) -> DataFrame:
    """One row for everyone invited: the offer from tomorrow on, with its reasons.

    Returns:
        The columns of the whitelist that the plan does not make, and those it reads.
    """
    contract = release.whitelist(policy.currency)
    start = as_of + dt.timedelta(days=1)
    end = as_of + dt.timedelta(days=policy.offer_valid_days)
    offer = F.concat_ws("|", F.lit(policy.product), F.lit(as_of.isoformat()), F.col("user_id"))

    def in_a_year(days: int) -> Column:
        return (F.col("rate_daily") * F.lit(days)).cast(TYPES["rate"][0])

    is_same = ((F.col("open_limit_minor") == F.col("limit_minor"))
               & (F.col("open_rate_daily") == F.col("rate_daily")))
    was_sent = F.coalesce(F.col("is_open_offer_sent"), F.lit(False))
    # What a rule took back and chance gives again, on the same terms, is another offer.
    keeps_id = is_same & (~was_sent | (F.col("method") != EXPLORATION))
    return (decided.where(F.col("is_invited")).drop("method")
            .join(limits, on="user_id", how="inner")
            .join(facts.select("user_id", *_READ), on="user_id", how="inner")
            .join(reason_codes, on="user_id", how="inner")
            .withColumn("offer_id", F.when(keeps_id, F.col("open_offer_id"))
                        .otherwise(F.substring(F.sha2(offer, 256), 1, 16)))
            .withColumn(f"limit_{policy.currency.lower()}",
                        (F.col("limit_minor") / F.lit(MINOR)).cast("long"))
            .withColumn("rate_annual", in_a_year(DAYS_PER_YEAR))
            # Interest is all that the product charges; a fee would be added here.
            .withColumn("all_in_cost_annual", in_a_year(CALENDAR_DAYS))
            .withColumn("is_sent", F.coalesce(keeps_id & was_sent, F.lit(False)))
            .withColumn("valid_from", F.lit(start))
            .withColumn("valid_to", F.when(F.col("is_sent"), F.col("open_until"))
                        .otherwise(F.lit(end)))
            .select(*[name for name in contract.columns if name not in _PLANNED], *plan.READ))


def waterfall(decided: pa.Table, known: int, borrowers: int, policy: Policy,
              release_id: str) -> pa.Table:
    """Count everyone down from known to invited.

    Args:
        decided: The decisions.
        known: People with a bound card.
        borrowers: Of them, people who have a loan; they are not considered.

    Raises:
        NightlistError: When the counts do not reconcile to the last person.
    """
    firsts = Counter(decided.column("first_failing_rule").to_pylist())
    invited = firsts.pop(None, 0)
    steps = [("known", "", 0), ("has_loan_with_us", "BORROWER", borrowers),
             *((rule.name, rule.reason_code, firsts.pop(rule.name, 0)) for rule in policy.rules),
             *((step, code, firsts.pop(step, 0)) for step, code in LAST_STEPS),
             ("invited", "", 0)]
    rows, remaining = [], known
    for number, (step, code, removed) in enumerate(steps):
        remaining -= removed
        rows.append({"release_id": release_id, "step_number": number, "step": step,
                     "reason_code": code, "removed": removed, "remaining": remaining})
    if firsts or remaining != invited or known - borrowers != decided.num_rows:
        raise NightlistError(
            "waterfall", f"{known} known - {borrowers} borrowers = {decided.num_rows} considered, "
            f"{invited} invited", f"{remaining} remaining, rules without a step {dict(firsts)}",
            "rerun eligibility and limits; if it stays, a person was lost or counted twice")
    return pa.Table.from_pylist(rows, schema=release.WATERFALL.arrow_schema)


def main(run: Run) -> dict[str, int]:
    """Write the tables of the release."""
    spark, policy = session(), frozen_policy(run)
    tables = {table.name: store.read(spark, run.folder / table.name, table)
              for table in (SCORES, FEATURE_MATRIX, ELIGIBILITY, RULE_FACTS, LIMITS)}
    matrix, limits = tables["feature_matrix"], tables["limits"]
    decided_rows = decisions(tables["scores"], matrix, tables["eligibility"], limits,
                             run.release_id).toArrow()
    written = {table.name: store.file_sha256(store.single_file(run.folder, table))
               for table in PROOF}
    written["decisions"] = store.write_sorted(decided_rows, release.DECISIONS,
                                              run.folder / "decisions")
    # Read back rather than sent back: at millions of people the rows stay in the engine.
    decided = store.read(spark, run.folder / "decisions", release.DECISIONS)
    invited = decided.where(F.col("is_invited")).select("user_id")
    codes = reasons.build(matrix.join(invited, on="user_id", how="left_semi"),
                          models_of(run)[DECIDING_MODEL])
    listed = plan.build(whitelist(decided, limits, tables["rule_facts"], codes, policy,
                                  run.as_of).toArrow(), policy, run.as_of)
    written["whitelist"] = store.write_sorted(listed, release.whitelist(policy.currency),
                                              run.folder / "whitelist")
    ledgers = {
        HONOUR_LEDGER: honour.build(_kept(run, OWN_INVITATIONS), decided_rows, listed, policy,
                                    run.as_of, run.release_id),
        SUPPRESSIONS_APPLIED: suppressions.build(_kept(run, BARRIERS), decided_rows, policy)}
    for table, rows in ledgers.items():
        written[table.name] = store.write_sorted(rows, table, run.folder / table.name)
    cards = facts(spark, run, feeds.BOUND_CARDS).where("voided_on is null").select(
        "user_id").distinct()
    lent_to = cards.join(borrowers_of(spark, run), on="user_id", how="left_semi").count()
    steps = waterfall(decided_rows, cards.count(), lent_to, policy, run.release_id)
    written["waterfall"] = store.write_sorted(steps, release.WATERFALL, run.folder / "waterfall")
    record(run, AUDIT, None)
    record(run, "tables", written)
    outcomes = Counter(ledgers[HONOUR_LEDGER]["outcome"].to_pylist())
    return {"considered": decided_rows.num_rows, "invited": listed.num_rows,
            "planned": Counter(listed["send_status"].to_pylist())[PLANNED],
            **{f"sent_{name}": outcomes[name] for name in (KEPT, TAKEN, WITHDRAWN)
               if outcomes[name]},
            "committed": int(sum(listed.column(f"limit_{policy.currency.lower()}").to_pylist()))}


def _kept(run: Run, table: Table) -> pa.Table:
    """What the step `facts` found once."""
    return store.read_arrow(run.folder / table.name, table)
