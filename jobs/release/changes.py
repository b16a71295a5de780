"""Who came, who went and whose terms moved between two releases, each with its reason.

Sources: whitelist, decisions and limits of both. Grain: one user and kind of change.

Of several reasons the first that holds is given:

- `entered`: not considered before (`new_person`); kept or drawn at random (`honoured`,
  `exploration`); an offer was not worth its price before (`priced_in`); else a rule failed before
  (`rule_passed`). The detail is what kept the person out then.
- `left`: has a loan of ours by now (`has_loan`); not considered (`not_known`: no bound card is
  known any more; between any two releases `not_considered`, which may be either); no offer earns
  anything, or others earn more (`no_value`, `priced_out` with the row, or `random` of who was drawn
  before and is not now); else `rule_failed` with the first rule.
- Terms: another policy, then another PD model, then another way to an offer (`policy_changed`,
  `model_changed`, `method_changed`: so much moves with them that no person's own reason can be
  told apart); a score that moved the way the terms did (`score_rose`, `score_fell`); else what
  sets the size of the limit now (`jobs/limits/sizes.py`), `row` with the row's name.

In SQL over files, as both sides may have millions of rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jobs.contracts.campaign import CHANGE_KINDS, CHANGES, ENTERED, LEFT
from jobs.expressions import counted
from jobs.limits.problem import MINOR
from jobs.spilling import spilling

#: A table in memory, or the Parquet files of one.
Source: TypeAlias = pa.Table | Sequence[Path]
#: Why somebody left who took the offer.
HAS_LOAN = "has_loan"
#: Why somebody left who is not considered: with the borrowers at hand, and without.
NOT_KNOWN, NOT_CONSIDERED = "not_known", "not_considered"


@dataclass(frozen=True)
class Side:
    """One of two releases. Of the earlier one `limits` is not looked at.

    Attributes:
        release_id: Its name.
        whitelist: Its people.
        decisions: Everyone considered.
        limits: LIMITS, with the reasons for size.
        policy: Version and sha256 of its policy; empty where nothing says so any more.
    """

    release_id: str
    whitelist: Source
    decisions: Source
    limits: Source
    policy: tuple[str, str] = ("", "")


def build(before: Side, now: Side, as_of: dt.date, currency: str,
          borrowers: pa.Table | None = None) -> pa.Table:
    """The rows of CHANGES, by user and kind.

    Args:
        before: The earlier release.
        now: The later one.
        as_of: Its night.
        currency: ISO 4217 code of both.
        borrowers: `user_id` of those who have a loan of ours; None: nobody says.
    """
    program = Path(__file__).with_name("changes.sql").read_text(encoding="utf-8")
    people = pa.table({"user_id": pa.array([], pa.string())}) if borrowers is None else borrowers
    terms = (f"user_id, offer_id, limit_{currency.lower()} * {MINOR} as limit_minor, rate_daily, "
             "method")
    with spilling() as connection:
        for name, source, columns in (
                ("was", before.whitelist, terms), ("now", now.whitelist, terms),
                ("was_decided", before.decisions, "*"), ("now_decided", now.decisions, "*"),
                ("now_limits", now.limits, "*"), ("borrowers", people, "distinct user_id")):
            _view(connection, name, source, columns)
        rows: pa.Table = connection.sql(program, params={
            "as_of": as_of, "release_id": now.release_id,
            "previous_release_id": before.release_id,
            "policy_changed": bool(before.policy[1]) and before.policy != now.policy,
            "policy_version": now.policy[0],
            "not_considered": NOT_CONSIDERED if borrowers is None else NOT_KNOWN}).to_arrow_table()
    return rows.select(CHANGES.columns).cast(CHANGES.arrow_schema)


def _view(connection: duckdb.DuckDBPyConnection, name: str, source: Source,
          columns: str) -> None:
    if isinstance(source, pa.Table):
        connection.register(f"{name}_rows", source)
    else:
        connection.read_parquet([str(path) for path in source]).create_view(f"{name}_rows")
    connection.execute(f"create view {name} as select {columns} from {name}_rows")


def churn(changes: pa.Table, previous: int) -> dict[str, Any]:
    """How much of the earlier release moved.

    Args:
        changes: CHANGES.
        previous: People of the earlier whitelist.

    Returns:
        `previous` (people), people of each kind of change, `took_it`: of those who left, who has a
        loan of ours now, `terms_changed` (people), `ratio`: of the earlier people those whose terms
        changed or who left without having taken the offer, `growth_ratio`: how much longer the
        list is, or shorter.
    """
    kinds = Counter(counted(changes["change"]))
    is_terms = pc.is_in(changes["change"], pa.array([kind for kind in CHANGE_KINDS
                                                     if kind not in (ENTERED, LEFT)]))
    moved = len(pc.unique(changes.filter(is_terms)["user_id"]))
    took_it = pc.sum(pc.equal(changes["reason"], HAS_LOAN)).as_py() or 0
    return {"previous": previous, **{kind: kinds[kind] for kind in CHANGE_KINDS},
            "took_it": took_it, "terms_changed": moved,
            "ratio": (kinds[LEFT] - took_it + moved) / previous if previous else 0.0,
            "growth_ratio": (kinds[ENTERED] - kinds[LEFT]) / previous if previous else 0.0}


def by_reason(changes: pa.Table) -> list[dict[str, Any]]:
    """`change`, `reason`, `reason_detail` and `people` of each, in no order."""
    columns = ["change", "reason", "reason_detail"]
    return (changes.group_by(columns).aggregate([("user_id", "count")])
            .rename_columns([*columns, "people"]).to_pylist())


def counted_by_reason(changes: pa.Table) -> list[dict[str, Any]]:
    """The same for people to read, most first."""
    return [{"change": row["change"], "reason": row["reason"],
             "detail": row["reason_detail"] or "", "people": row["people"]}
            for row in sorted(by_reason(changes), key=lambda row: (
                -row["people"], row["change"], row["reason"], str(row["reason_detail"])))]


def sentence(found: dict[str, Any] | None) -> str:
    """Churn in a line: «12 entered, 7 left, …; churn 4.1 % of 463, 2 took the offer; …»."""
    if not found:
        return "no release before"
    return (", ".join(f"{found[kind]:,} {kind.replace('_', ' ')}" for kind in CHANGE_KINDS)
            + f"; churn {found['ratio']:.1%} of {found['previous']:,}, {found['took_it']:,} took "
            f"the offer; {found['growth_ratio']:+.1%} in all")
