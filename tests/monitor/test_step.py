"""The whole step on two small nights: 30 June, and 31 July when everyone is eight years older."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from jobs import store
from jobs.config import Run
from jobs.contracts.monitoring import MONITORING
from jobs.contracts.night import FEATURE_MATRIX
from jobs.inputs import code_version
from jobs.monitor import monitor
from jobs.policies import policy as policies
from jobs.scores.train import stamped
from models import registry
from models.prediction import predict
from tests.models.conftest import make_matrix

JUNE, JULY = dt.date(2026, 6, 30), dt.date(2026, 7, 31)


def night(home, model, as_of, labels=None, income_minor=0, **columns):
    """What the steps before leave of a night of 600 people, the 200 of the lowest PD invited."""
    run = Run(home=home, as_of=as_of, policy="wallet_loan_cny", run_id=f"r{as_of}")
    model = stamped(model)
    matrix = make_matrix(**{"age_years": np.arange(600) % 40 + 20, **columns})
    pd, points = predict(model, matrix)
    tables = {"feature_matrix": matrix.select(FEATURE_MATRIX.columns), "decisions": pa.table({
        "user_id": matrix["user_id"], "segment": matrix["segment"], "pd": pd,
        "is_invited": pd <= np.sort(pd)[199]}), "labels": labels or pa.table({
            "user_id": pa.array([], pa.string()), "as_of_date": pa.array([], pa.date32()),
            "is_default": pa.array([], pa.bool_())})}
    tables["scores"] = pa.table({
        "user_id": matrix["user_id"], "income_minor": np.arange(600) + income_minor,
        **{name: pa.nulls(600, pa.float64()) for name in ("response_ratio", "draw_ratio",
                                                          "lgd_ratio")}})
    for name, rows in tables.items():
        (run.folder / name).mkdir(parents=True)
        pq.write_table(rows, run.folder / name / "part.parquet")
    registry.save(home, model)
    policy = policies.load(run.policy, as_of)
    store.write_json({"run_id": run.run_id}, run.folder.parent / "open.json")
    store.write_json({"run_id": run.run_id, "audit": {"whitelist": "0"}, "models": {
        "pd": model.identity}, "inputs": {
        "code_version": code_version(), "deliveries": [], "models": {"pd": model.identity},
        "policy": {"name": policy.name, "sha256": policy.sha256}}}, run.folder / "run.json")
    return run


def figures(run):
    return store.read_arrow(run.folder / "monitoring", MONITORING)


def only(table, metric, **wanted):
    rows = table.filter(pc.equal(table["metric"], metric)).to_pylist()
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory, model):
    """June's run, and July's with outcomes of 300 of June's people, drawn by their PD."""
    home = tmp_path_factory.mktemp("home")
    june = night(home, model, JUNE)
    monitor.main(june)
    before = pq.read_table(june.folder / "decisions").slice(0, 300)
    defaulted = np.random.default_rng(8).random(300) < before["pd"].to_numpy()
    labels = pa.table({"user_id": before["user_id"], "is_default": defaulted,
                       "as_of_date": pa.array([dt.date(2026, 7, 1)] * 300, pa.date32())})
    july = night(home, model, JULY, labels, income_minor=300,
                 age_years=np.arange(600) % 40 + 28)
    monitor.main(july)
    return june, july


def test_a_first_night_says_that_there_is_no_reference(two_nights):
    (row,) = only(figures(two_nights[0]), "psi")
    assert (row["value"], row["against"], row["status"]) == (None, "", "unjudged")
    assert only(figures(two_nights[0]), "csi") == []


def test_the_feature_that_drifted_is_flagged_and_no_other(two_nights):
    rows = only(figures(two_nights[1]), "csi")
    assert {row["subject"] for row in rows if row["status"] != "ok"} == {"age_years"}
    assert {row["against"] for row in rows} == {"2026-06-30"} and len(rows) > 1_000


def test_a_model_beside_the_pd_is_held_against_the_earlier_night_too(two_nights):
    (pd,) = only(figures(two_nights[1]), "psi", segment="all")
    (income,) = only(figures(two_nights[1]), "psi_others", segment="all")
    assert (pd["value"], pd["status"]) == (0, "ok")
    assert (income["subject"], income["status"]) == ("income_minor", "warning")


def test_a_vintage_is_held_against_the_outcomes_since(two_nights):
    june, july = two_nights
    pd = pq.read_table(june.folder / "decisions")["pd"].to_numpy()[:300]
    bads = pq.read_table(july.folder / "labels")["is_default"].to_numpy(zero_copy_only=False).sum()
    (row,) = only(figures(july), "calibration_ratio", segment="all", against="mean_pd")
    assert (row["subject"], row["n"]) == ("2026-06-30", 300)
    assert row["value"] == pytest.approx(bads / pd.sum(), abs=1e-9)
    assert row["low"] < 1 < row["high"] and row["status"] == "ok"
    (auc,) = only(figures(july), "realised_auc", segment="all")
    assert auc["low"] < auc["reference"] < auc["high"]


def test_errors_are_those_at_the_policys_cut_off(two_nights):
    june, july = two_nights
    rates = only(figures(july), "false_positive_ratio", subject="all")
    pd = pq.read_table(june.folder / "decisions")["pd"].to_numpy()[:300]
    bad = pq.read_table(july.folder / "labels")["is_default"].to_numpy(zero_copy_only=False)
    assert rates[0]["value"] == pytest.approx((pd[~bad] > 0.015).mean(), abs=1e-9)


def test_the_night_is_held_against_the_same_one_again_and_writes_the_same_bytes(two_nights):
    path = two_nights[1].folder / "monitoring" / "monitoring.parquet"
    before = path.read_bytes()
    monitor.main(two_nights[1])
    assert path.read_bytes() == before


def test_the_page_lies_beside_that_of_the_night(two_nights):
    page = two_nights[1].home / "reports" / "2026-07-31" / "monitoring.html"
    assert "age_<wbr>years" in page.read_text(encoding="utf-8")


def test_what_the_policy_stops_at_is_told_in_table_and_page_for_somebody_to_answer(
        tmp_path, model, monkeypatch):
    document = yaml.safe_load((policies.folder() / "wallet_loan_cny.yaml").read_text())
    document["versions"][0]["monitoring"] = {"limits": {"adverse_impact_ratio": {"stop": 0.99}}}
    (tmp_path / "wallet_loan_cny.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    # Nobody over 40 is overdue, everyone else is.
    ages = np.arange(600) % 40 + 20
    run = night(tmp_path / "home", model, JUNE, overdue_months_1=np.where(ages > 40, 0, 3))
    assert monitor.main(run)["stops"] > 0
    assert only(figures(run), "adverse_impact_ratio", status="stop")
    assert (run.home / "reports" / "2026-06-30" / "monitoring.html").is_file()
