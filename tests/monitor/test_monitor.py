"""The step: roll rates as figures, and a breach that the policy stops."""

import datetime as dt

import pyarrow as pa
import pytest

from expectations import gates
from jobs import store
from jobs.config import Run
from jobs.errors import GateFailed
from jobs.monitor import monitor
from jobs.monitor.figures import Figure, gate_results, rows
from jobs.policies.monitoring import Limits, Monitoring

JUNE = dt.date(2026, 6, 30)


def rolled(*transitions):
    names = ("lender", "month_end", "state", "next_state", "loans")
    found = monitor.rolls(pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in transitions]))
    return {(one.metric, one.segment, one.subject): (one.value, one.n) for one in found}


def test_a_roll_rate_is_a_share_of_the_loans_of_its_state_and_lender():
    found = rolled(("own", JUNE, "current", "current", 90), ("own", JUNE, "current", "1-29", 10),
                   ("partner", JUNE, "current", "1-29", 7), ("own", JUNE, "1-29", "30-59", 4))
    assert found["roll_rate", "own", "2026-06 current to 1-29"] == (0.1, 100)
    assert found["roll_rate", "partner", "2026-06 current to 1-29"] == (1.0, 7)
    assert found["roll_rate", "own", "2026-06 1-29 to 30-59"] == (1.0, 4)


def test_rolls_into_any_arrears_are_summed_but_not_loans_that_ended():
    found = rolled(("own", JUNE, "current", "1-29", 10), ("own", JUNE, "current", "30-59", 5),
                   ("own", JUNE, "current", "repaid", 35), ("own", JUNE, "1-29", "30-59", 9))
    assert found["roll_to_arrears_rate", "own", "2026-06"] == (0.3, 50)


def test_a_breach_stays_on_record_for_the_audit_and_stops_nothing_itself(tmp_path):
    run = Run(home=tmp_path, as_of=JUNE, run_id="aaa")
    figure = Figure("psi", "pd", 0.3, 1_000, null_threshold=0.01)
    table = rows([figure], Monitoring(limits={"psi": Limits(0.05, 0.25)}), JUNE, "pd", "m1")
    gates.after_monitoring(run, gate_results(table))
    assert [(row["severity"], row["success"]) for row in store.read_json(
        run.folder / "gates.json")] == [("warning", False)] * 2


def test_the_audit_wants_the_monitoring_to_have_run(tmp_path):
    run = Run(home=tmp_path, as_of=JUNE, run_id="aaa")
    passed = {"severity": "critical", "success": True}
    store.write_json([{"gate": gate, **passed} for gate in ("intake", "features", "scores")],
                     run.folder / "gates.json")
    with pytest.raises(GateFailed, match="run the step first: nightlist run monitor"):
        gates._earlier_gates_passed(run)
