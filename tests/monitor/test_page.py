"""The monitoring page says what was measured, stands alone and trusts no text."""

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts.monitoring import MONITORING
from jobs.monitor import charts, page
from jobs.monitor.figures import Figure, rows
from jobs.monitor.findings import Found
from jobs.monitor.nights import Night
from jobs.policies.monitoring import Limits, Monitoring
from jobs.report import models
from jobs.report import page as night_page
from models.stability import histogram, sample, shares
from tests.report.test_page import Reader, audited
from tests.report.test_page import night as night_of_the_report

JULY = dt.date(2026, 7, 31)
EARLIER = "2026-06-30"
#: Stops where a feature moves further than a night can live with.
MONITORED = Monitoring(limits={**Monitoring().limits, "csi": Limits(0.1, 0.25)})


def crowd(**columns):
    pd = np.linspace(0.01, 0.2, 40)
    return pa.table({"pd": pd, "segment": ["thin_file"] * 40, "is_invited": pd < 0.1, **columns})


def figures(feature="income_minor"):
    return [
        Figure("psi", "pd", 0.02, 40, against=EARLIER, p_value=0.4, null_threshold=0.08,
               legacy_status="ok"),
        Figure("csi", feature, 0.3141, 40, against=EARLIER, p_value=1e-6, null_threshold=0.09,
               legacy_status="stop"),
        Figure("mean_pd", "pd", 0.031, 40, against=EARLIER, reference=0.029),
        Figure("estimated_auc", "pd", 0.71, 40, against="model", reference=0.7),
        Figure("calibration_ratio", EARLIER, 1.5, 900, against="mean_pd", reference=0.04, low=1.1,
               high=2.0),
        Figure("roll_rate", "2026-07 current to 1-29", 0.03, 500, "own"),
        Figure("roll_rate", "2026-07 1-29 to written_off", 0.25, 8, "own"),
        Figure("selection_ratio", "age_band=18-24", 0.125, 16),
        Figure("invited_share", "age_band=18-24", 0.2, 10, against="considered", reference=0.25),
        Figure("group_mean_pd", "age_band=18-24", 0.05, 16),
        Figure("adverse_impact_ratio", "age_band=18-24", 0.61, 16, against="age_band=25-34",
               low=0.4, high=0.9),
        Figure("false_positive_ratio", "age_band=18-24", 0.375, 8, low=0.1, high=0.7)]


def drawn(home, measured, compared=True, tested=()):
    night = Night(dt.date(2026, 6, 30), "r1", home)
    found = Found(figures=measured, people=crowd(), compared=night if compared else None,
                  tested=list(tested))
    if compared:
        found.before = {"all": {"pd": histogram(sample(crowd()["pd"].to_numpy()))}}
        found.vintages = {EARLIER: crowd(is_default=np.arange(40) % 7 == 0)}
    run = Run(home=home, as_of=JULY, run_id="aaa")
    table = rows(measured, Monitoring(), JULY, "pd", "m1")
    html = page.write(run, table, found).read_text(encoding="utf-8")
    return html, Reader(html)


def test_without_outcomes_the_plot_is_of_the_rows_that_judged_the_model(tmp_path):
    html, _ = drawn(tmp_path, figures(), compared=False, tested=[
        {"expected": 0.02, "observed": 0.01, "rows": 50},
        {"expected": 0.08, "observed": 0.1, "rows": 50}])
    assert "defaulted of rows it had not seen, per cent" in html
    assert "defaulted of" not in drawn(tmp_path, figures(), compared=False)[0]


def test_the_page_says_what_was_measured(tmp_path):
    words = drawn(tmp_path, figures())[1].words
    for said in ("Monitoring of 2026-07-31 : warning", "held against the night of 2026-06-30",
                 "Stability warning 1 of 2 beyond a limit", "Arrears unjudged",
                 "warning csi: income_ minor", "0.314 0.090 stop warning",
                 "2026-06-30 all 1.50 1.100 to 2.000 4.00 % 900 warning",
                 "AUC promised tonight all 0.710 0.700 model 40 ok",
                 "Roll rates of own loans, 2026-07",
                 "1-29 8 · · · · · 25.0 %", "age band 18-24 25.0 % 20.0 % 5.00 % 0.61",
                 "age band 18-24 37.5 % of 8 –"):
        assert said in words, said


def test_a_first_night_says_that_it_has_nothing_to_be_held_against(tmp_path):
    words = drawn(tmp_path, [Figure("psi", "pd", None, 40)], compared=False)[1].words
    assert "with no earlier night to be held against" in words
    assert "No earlier night has outcomes yet" in words and "Stability unjudged" in words


def test_the_page_is_well_formed_and_fetches_nothing(tmp_path):
    html, reader = drawn(tmp_path, figures())
    assert reader.open == [] and "script" not in reader.tags and reader.tags.count("svg") == 4
    assert {target for target in reader.fetched if not target.startswith("#")} == {"index.html"}
    assert re.findall(r'(?<!xmlns=")(?<!xmlns:xlink=")https?://', html) == []
    assert "@import" not in html and re.findall(r"url\((?!#)", html) == []


def test_text_from_outside_is_escaped(tmp_path):
    html, reader = drawn(tmp_path, figures(feature="<script>alert('x_y')</script>"))
    assert "<script" not in html and reader.words.count("alert(") >= 3


def test_the_same_figures_give_the_same_bytes(tmp_path):
    assert drawn(tmp_path, figures())[0] == drawn(tmp_path, figures())[0]


@pytest.mark.parametrize("values", [[0.02] * 9, [float("nan")] * 9, [0.01, 0.02, float("nan")]])
def test_a_distribution_of_any_shape_is_drawn(values):
    now = sample(np.array(values))
    before = histogram(now)
    assert charts.shifted(before, shares(before, now), "pd").startswith("<svg")


def monitored(home, *measured):
    """The night of the report's tests, with what the step `monitor` leaves of it."""
    run = night_of_the_report(home)
    audited(run)
    table = rows(measured, MONITORED, run.as_of, "pd", "m1")
    found = Found(figures=list(measured), people=crowd(), compared=None, tested=[])
    store.write_sorted(table, MONITORING, run.folder / MONITORING.name)
    page.write(run, table, found)
    html = night_page.render(night_page.facts(run))
    return html, Reader(html)


def test_the_page_of_the_night_shows_what_monitoring_found(tmp_path):
    html, reader = monitored(tmp_path, *figures())
    assert 'href="monitoring.html"' in html
    for said in ("Monitoring stop Beyond a limit that stops: stability",
                 "Stability stop 1 of 2", "Arrears unjudged nothing judged",
                 "Stability index 0.020 against 2026-06-30 , by chance up to 0.080",
                 "income_minor 0.314", "2026-06-30 1.50 900", "Share invited of each group",
                 "not published : readers do not see it"):
        assert said in reader.words, said


def test_features_that_moved_as_one_are_one_bar():
    rows = [{"subject": name, "value": value} for name, value in (
        ("visits_90d", 2.5), ("visits_30d", 2.5), ("age_years", 0.4))]
    assert [row["subject"] for row in models.alike(rows)] == ["visits_90d and 1 alike",
                                                              "age_years"]


def test_the_page_of_the_night_trusts_no_feature(tmp_path):
    html, reader = monitored(tmp_path, *figures(feature="<script>alert('x_y')</script>"))
    assert "<script" not in html and "alert(" in reader.words


def test_the_page_of_a_night_without_monitoring_says_so(tmp_path):
    html = night_page.render(night_page.facts(night_of_the_report(tmp_path)))
    assert 'href="monitoring.html"' not in html and "The night was not monitored" in html
