"""What became of earlier nights: their PDs by the outcomes since, on a day without a night.

Sources: the labels and loan_days of a run that was frozen on that day, decisions and matrices of
the nights before it, the policy. Grain: one figure. Output: `monitoring` in the run's folder below
`trainings/`, as a night's own step has it, with what outcomes can say: calibration and separation
of each vintage, errors by group, roll rates. Nothing is stopped: a figure beyond a limit is told,
and the night's own step stops at the same one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from jobs import store
from jobs.config import DECIDING_MODEL, Run
from jobs.contracts import feeds
from jobs.contracts.monitoring import MONITORING, STOP, WARNING
from jobs.inputs import facts, frozen_policy
from jobs.monitor import figures, nights, roll_rates
from jobs.monitor.findings import Found
from jobs.monitor.monitor import follow, genders_of, rolls
from jobs.session import session

#: In place of a version: each vintage was scored by the model of its own night.
EACH_ITS_OWN = "each night's own"


def main(run: Run) -> dict[str, Any]:
    """Measure and write the figures; counts of them, and those beyond a limit in words."""
    policy = frozen_policy(run)
    genders = genders_of(run) if "gender" in policy.monitoring.fairness_groups else None
    found = Found()
    follow(run, found, nights.earlier(run), policy, genders)
    found.figures += rolls(roll_rates.build(
        facts(session(), run, feeds.LOAN_DAYS), run.as_of).toArrow())
    table = figures.rows(found.figures, policy.monitoring, run.as_of, DECIDING_MODEL, EACH_ITS_OWN)
    store.write_sorted(table, MONITORING, run.folder / MONITORING.name)
    rows = table.to_pylist()
    statuses = Counter(row["status"] for row in rows)
    return {"figures": len(rows), "vintages": len(found.vintages),
            "warnings": statuses[WARNING], "stops": statuses[STOP],
            "beyond": sorted(" ".join(filter(None, (row["metric"], row["subject"], row["segment"],
                                                    f"{row['value']:.4g}")))
                             for row in rows if row["status"] in (WARNING, STOP))}
