"""The four gates of a night: after intake, features and scores, and before release.

Each is a step of its own: it reads what the step before wrote, records every result in
`gates.json` of the run and stops the night on a critical failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from expectations import suites
from expectations.campaign import TABLES as CAMPAIGN_TABLES
from expectations.campaign import campaign
from expectations.changes import reconciled, remedy, within_bounds
from expectations.gate import Result, as_rows, run_suite, stop_on_critical
from expectations.suites import CRITICAL, WARNING
from jobs import store
from jobs.config import AUDIT, TRAINED, Run
from jobs.contracts import feeds, release
from jobs.contracts.campaign import CHANGES
from jobs.contracts.limits import CANDIDATES, LIMITS
from jobs.contracts.night import FEATURE_MATRIX, SCORES, TRAINING_MATRIX
from jobs.contracts.table import Table
from jobs.errors import GateFailed
from jobs.inputs import DEGRADED, clean_table, frozen, frozen_policy, record
from jobs.intake import lateness
from jobs.limits.verify import TABLES, Source, verify
from jobs.policies.policy import Policy
from jobs.release import warehouse
from jobs.release.approval import GUARDRAILS, again, rejected
from jobs.release.guardrails import measure
from jobs.scores.choice import unpromoted
from jobs.session import session

GATES_FILE = "gates.json"
#: Of a delivery's rows in quarantine: in the report from the first, no night from the second.
WARNING_SHARE, CRITICAL_SHARE = 0.005, 0.05
#: Gates before the audit, and the step that runs each.
EARLIER_GATES = {"intake": "check_intake", "features": "check_features", "scores": "check_scores",
                 "monitoring": "monitor"}


def after_intake(run: Run) -> dict[str, int]:
    """The clean tables of the frozen deliveries hold what their contracts promise."""
    spark, mandatory = session(), frozen_policy(run).mandatory_feeds
    inputs = frozen(run)["inputs"]
    deliveries, results = inputs["deliveries"], degraded(inputs)
    for feed in feeds.FEEDS.values():
        of_feed = [row for row in deliveries if row["feed"] == feed.name]
        if of_feed or feed.name in mandatory:
            results += run_suite("intake", clean_table(spark, run, feed), _clean_suite(feed),
                                 suites.feed(feed.name), run.folder)
        if of_feed:
            results += newest_delivery(feed, of_feed[-1])
    return _close(run, "intake", results, "look at the quarantine and ask for a new delivery")


def degraded(inputs: Mapping[str, Any]) -> list[Result]:
    """A warning for each feed that is late: the night goes on as its policy says, and it shows.

    Where the policy says stop, there is no run: `freeze` refuses it.

    Args:
        inputs: As frozen; with the `degraded`, and the `deliveries` of the feeds that are used.
    """
    late = {one["feed"]: one for one in inputs.get(DEGRADED, [])}
    named = sorted({row["feed"] for row in inputs["deliveries"]} | set(late))
    return [Result("intake", name, "newest delivery on time", "", WARNING, name not in late,
                   lateness.sentence(late[name]) if name in late else "") for name in named]


def newest_delivery(feed: Table, delivery: dict[str, Any]) -> list[Result]:
    """What a feed's newest delivery says of the feed: is it sound?

    Rules that let a missing value pass would otherwise take a broken feed for good news.

    Args:
        feed: Its contract.
        delivery: `delivery_date`, `received`, `quarantined`, `duplicates` of the frozen inputs.
    """
    results = []
    # Of distinct rows: copies of a good row must not thin out the bad ones.
    distinct = delivery["received"] - delivery["duplicates"]
    share = delivery["quarantined"] / distinct
    for most, severity in ((WARNING_SHARE, WARNING), (CRITICAL_SHARE, CRITICAL)):
        results.append(Result("intake", feed.name, f"quarantined share of the newest delivery at "
                              f"most {most:.1%}", "", severity, share <= most,
                              f"{share:.1%} of {distinct} rows on "
                              f"{delivery['delivery_date']}" if share > most else ""))
    return results


def _clean_suite(feed: Table) -> Table:
    """A clean table's key holds within a delivery: the second clock is part of it."""
    clean = feeds.clean(feed)
    return Table(**{**clean.__dict__, "key": (*feed.key, "delivery_date")})


def after_features(run: Run) -> dict[str, int]:
    """The matrices are whole and mostly known: the one to learn from, and the one to score."""
    results = [] if run.training else _on(run, "features", FEATURE_MATRIX, suites.features())
    if TRAINED in frozen(run)["inputs"]["models"].values():
        results += _on(run, "features", TRAINING_MATRIX, [])
    return _close(run, "features", results, "rerun features")


def after_scores(run: Run) -> dict[str, int]:
    """Everyone has a probability, and it tells people apart; the models were promoted."""
    results = _on(run, "scores", SCORES, suites.scores()) + promotions(run)
    return _close(run, "scores", results, "look at the model's card and train again")


def promotions(run: Run) -> list[Result]:
    """Whether each model that scored is the champion of its date; only a warning where not.

    A policy that `requires_champion` has stopped the night at `freeze`.
    """
    scored = frozen(run)["models"]
    others = unpromoted(run.home, run.as_of, scored)
    return [Result("scores", "models", f"champion of {run.as_of}", name, WARNING,
                   name not in others, f"{name}/{identity['version']} was not promoted"
                   if name in others else "") for name, identity in scored.items()]


def after_monitoring(run: Run, results: list[Result]) -> dict[str, int]:
    """The night's figures beside the policy's limits (see jobs/monitor/figures.py).

    None stops here: what is beyond a limit that stops is a guardrail, which asks.
    """
    return _close(run, "monitoring", results, "")


def before_release(run: Run) -> dict[str, int]:
    """The audit: the published tables keep their contracts, the policy, each other and the proof.

    Every guardrail that asks was approved, and nobody rejected the night.

    Raises:
        GateFailed: Also when files differ from the hashes in run.json or counts disagree.
    """
    record(run, AUDIT, None)  # an audit that fails now takes back one that passed before
    policy = frozen_policy(run)
    table = release.whitelist(policy.currency)
    business = suites.whitelist(f"limit_{policy.currency.lower()}", *limit_bounds(policy),
                                policy.law)
    _not_rejected(run)
    _earlier_gates_passed(run)
    _hashes_hold(run)
    results = [*_on(run, "release", table, business),
               *(result for one in (release.DECISIONS, release.WATERFALL, CANDIDATES, LIMITS,
                                    *release.LEDGERS.values())
                 for result in _on(run, "release", one, [])),
               *_changes(run), *_guardrails(run, policy),
               *certificate({name: run.folder / name / f"{name}.parquet" for name in TABLES}),
               *campaign({name: run.folder / name for name in CAMPAIGN_TABLES}, policy,
                         run.as_of)]
    _counts_agree(run)
    counts = _close(run, "release", results, remedy(results, run.as_of.isoformat()))
    record(run, AUDIT, frozen(run)["tables"])
    return counts


def limit_bounds(policy: Policy) -> tuple[int, int]:
    """Lowest and highest limit that the policy can give, whole currency units."""
    drawn = policy.limits.exploration.limits if policy.limits.exploration else ()
    limits = [*policy.limits.limits, *drawn, *(one for tier in policy.tiers for one in tier.limits)]
    return min(limits), max(limits)


def certificate(tables: Mapping[str, Source]) -> list[Result]:
    """Whether the proof of the night's limits is true, recomputed from the tables to publish."""
    return [Result("release", "certificate", check.name, "", CRITICAL, check.ok,
                   "" if check.ok else f"{check.found} where {check.expected} is expected")
            for check in verify(tables).checks]


def _not_rejected(run: Run) -> None:
    if no := rejected(frozen(run)):
        raise GateFailed(f"gate release: run {run.run_id}", "a night that nobody rejected", no,
                         again(run))


def _guardrails(run: Run, policy: Policy) -> list[Result]:
    """Those on record, which must be what the tables give now."""
    content = frozen(run)
    if content.get(GUARDRAILS) != measure(run, policy):
        raise GateFailed("gate release: guardrails", "those of the night's tables",
                         "others on record" if GUARDRAILS in content else "none",
                         f"run the step first: nightlist run guardrails --as-of {run.as_of}")
    return within_bounds(content, is_history=run.backfill is not None)


def _changes(run: Run) -> list[Result]:
    """What changed since the release before, counted anew from the tables; none without one."""
    previous = frozen(run)["inputs"].get("previous")
    if previous is None:
        return []
    found = store.read_arrow(run.folder / CHANGES.name, CHANGES)
    before = warehouse.named(run.home, previous["release_id"]).invited
    return [reconciled(found, before, store.count(run.folder / "whitelist"))]


def _on(run: Run, gate: str, table: Table, business: list[Any]) -> list[Result]:
    df = store.read(session(), run.folder / table.name, table)
    return run_suite(gate, df, table, business, run.folder)


def _earlier_gates_passed(run: Run) -> None:
    """A gate that stopped the night, or was left out, cannot be walked around step by step."""
    results = _recorded(run)
    for gate, step in EARLIER_GATES.items():
        of_gate = [row for row in results if row["gate"] == gate]
        failed = [row for row in of_gate if row["severity"] == CRITICAL and not row["success"]]
        if failed or not of_gate:
            raise GateFailed(f"gate release: gate {gate}", "passed",
                             f"{len(failed)} critical failures" if failed else "not run",
                             f"run the step first: nightlist run {step} --as-of {run.as_of}")


def _recorded(run: Run) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = store.read_json(run.folder / GATES_FILE, [])
    return results


def _hashes_hold(run: Run) -> None:
    for name, expected in frozen(run).get("tables", {}).items():
        found = store.file_sha256(run.folder / name / f"{name}.parquet")
        if found != expected:
            raise GateFailed(f"gate release: {name}", f"sha256 {expected[:12]} as written",
                             found[:12], "the file was changed after the night wrote it; rerun")


def _counts_agree(run: Run) -> None:
    """Whitelist, decisions and waterfall must tell of the same people."""
    invited = store.count(run.folder / "whitelist")
    decided = pq.read_table(run.folder / "decisions", columns=["is_invited"])
    steps = store.read_arrow(run.folder / "waterfall", release.WATERFALL).to_pylist()
    yes = sum(decided.column("is_invited").to_pylist())
    last = max(steps, key=lambda row: row["step_number"])["remaining"]
    if not invited == yes == last:
        raise GateFailed("gate release: whitelist", "as many rows as invited decisions and the "
                         "waterfall's end", f"{invited}, {yes} and {last}", "rerun offers")


def _close(run: Run, gate: str, results: list[Result], remedy: str) -> dict[str, int]:
    rows = [row for row in _recorded(run) if row["gate"] != gate] + as_rows(results)
    store.write_json(rows, run.folder / GATES_FILE)
    stop_on_critical(results, remedy)
    return {"expectations": len(results),
            "warnings": sum(not result.success for result in results)}
