"""Stability: an index worked by hand, a threshold that holds its rate, and shifts that are seen."""

import json
import math

import numpy as np
import pytest
from scipy.stats import chi2

from models import stability
from models.stability import reference

MISSING = float("nan")


def column(*groups):
    """A column of `count` times `value` for each (value, count)."""
    return np.concatenate([np.full(count, value, dtype=float) for value, count in groups])


def histogram(values):
    return stability.histogram(stability.sample(values))


def compare(before, values, confidence=0.99):
    return stability.compare(before, stability.sample(values), confidence)


def test_an_index_worked_by_hand():
    # Shares 0.5 and 0.5 become 0.6 and 0.4: 0.1 ln 1.2 - 0.1 ln 0.8 = 0.0405465.
    shift = compare(histogram(column((0, 50), (1, 50))), column((0, 60), (1, 40)))
    assert shift.psi == pytest.approx(0.1 * math.log(1.2) - 0.1 * math.log(0.8), abs=1e-9)
    assert shift.bins == 2 and shift.legacy_status == "ok"


def test_the_p_value_and_threshold_are_those_of_chi_squared():
    shift = compare(histogram(column((0, 50), (1, 50))), column((0, 240), (1, 160)), 0.99)
    scale = 1 / 100 + 1 / 400
    assert shift.p_value == pytest.approx(chi2.sf(shift.psi / scale, 1), abs=1e-9)
    assert shift.null_threshold == pytest.approx(6.634896601 * scale, abs=1e-9)


@pytest.mark.parametrize(("now", "status"), [
    (column((0, 60), (1, 40)), "ok"), (column((0, 67), (1, 33)), "warning"),
    (column((0, 80), (1, 20)), "stop")])
def test_the_rule_of_thumb_has_its_own_verdict(now, status):
    # 0.17 ln(1.34 / 0.66) = 0.1204; 0.3 ln(1.6 / 0.4) = 0.4159.
    assert compare(histogram(column((0, 50), (1, 50))), now).legacy_status == status


def test_bins_are_tenths_of_the_reference():
    found = histogram(np.arange(1.0, 101.0))
    assert found["edges"] == [10, 20, 30, 40, 50, 60, 70, 80, 90] and found["counts"] == [10] * 10


@pytest.mark.parametrize("rows", [1, 7, 10, 99, 1_000])
def test_the_edges_are_quantiles_of_the_reference(rows):
    values = np.random.default_rng(rows).normal(size=rows)
    expected = np.unique(np.quantile(values, np.arange(1, 10) / 10, method="inverted_cdf"))
    assert set(histogram(values)["edges"]) >= set(expected[expected < values.max()])


def test_repeated_values_stay_in_one_bin():
    assert histogram(column((0, 95), (1, 3), (2, 2))) == {
        "edges": [0.0], "counts": [95, 5], "missing": 0}


def test_missing_is_a_bin_of_its_own():
    before = histogram(column((0, 40), (1, 40), (MISSING, 20)))
    assert before["missing"] == 20
    # 0.4, 0.4, 0.2 become 0.3, 0.3, 0.4.
    shift = compare(before, column((0, 30), (1, 30), (MISSING, 40)))
    assert shift.psi == pytest.approx(2 * -0.1 * math.log(0.75) + 0.2 * math.log(2), abs=1e-9)


@pytest.mark.parametrize("value", [4.0, 6.0, MISSING])
def test_a_constant_that_changes_either_way_is_seen(value):
    assert compare(histogram(column((5, 100))), column((value, 100))).p_value < 1e-6


def test_a_constant_that_stays_has_not_moved():
    assert compare(histogram(column((5, 100))), column((5, 70))).psi == 0


def test_what_was_never_known_and_now_is_has_moved():
    assert compare(histogram(column((MISSING, 100))), column((1, 100))).p_value < 1e-6


def test_a_single_odd_row_is_no_shift():
    # One missing of 1,000 where there was none: expected in neither sample five times.
    shift = compare(histogram(column((0, 500), (1, 500))), column((0, 500), (1, 499), (MISSING, 1)))
    assert shift.p_value > 0.5


def test_without_rows_there_is_nothing_to_compare():
    assert compare(histogram(column((0, 10))), np.zeros(0)).bins == 0
    assert compare(histogram(np.zeros(0)), column((0, 10))).bins == 0


def test_a_reference_survives_json():
    values = np.random.default_rng(1).normal(size=(500, 2))
    values[:50, 1] = np.nan
    values[0, 0] = np.inf
    kept = json.loads(json.dumps(reference(values, ["x", "y"]), allow_nan=False))
    assert kept == reference(values, ["x", "y"])
    assert compare(kept["all"]["y"], values[:, 1]).psi == 0


def test_a_reference_has_every_segment_and_everyone():
    kept = reference(np.array([[1.0], [2.0], [3.0]]), ["x"], ["thin", "thick", "thin"])
    assert {name: sum(own["x"]["counts"]) for name, own in kept.items()} == {
        "all": 3, "thick": 1, "thin": 2}


def test_shares_sum_to_one_with_missing_last():
    then, now = stability.shares(
        histogram(column((0, 50), (1, 30), (MISSING, 20))), stability.sample(column((0, 10))))
    assert then.tolist() == [0.5, 0.3, 0.2] and now.tolist() == [1, 0, 0]


def continuous(rng, rows):
    return rng.normal(size=rows)


def counted(rng, rows):
    return rng.poisson(1.5, rows).astype(float)


def partly_missing(rng, rows):
    return np.where(rng.random(rows) < 0.3, np.nan, rng.lognormal(size=rows))


@pytest.mark.parametrize("draw", [continuous, counted, partly_missing])
@pytest.mark.parametrize("rows", [(400, 400), (5_000, 700)])
def test_where_nothing_moved_alarms_come_at_the_stated_rate(draw, rows):
    rng, rounds = np.random.default_rng(11), 2_000
    shifts = [compare(histogram(draw(rng, rows[0])), draw(rng, rows[1]), 0.99)
              for _ in range(rounds)]
    alarms = sum(shift.psi > shift.null_threshold for shift in shifts)
    # Binomial(2000, 0.01): 20 and a standard deviation of 4.4; 40 of them is twice the rate.
    assert 5 <= alarms <= 40
    assert 0.03 <= np.mean([shift.p_value < 0.05 for shift in shifts]) <= 0.075


def test_the_rule_of_thumb_cries_out_over_small_segments():
    rng = np.random.default_rng(5)
    shifts = [compare(histogram(rng.normal(size=100)), rng.normal(size=100)) for _ in range(300)]
    assert np.mean([shift.legacy_status != "ok" for shift in shifts]) > 0.5
    assert np.mean([shift.psi > shift.null_threshold for shift in shifts]) < 0.05


def test_a_planted_shift_of_a_large_segment_is_seen_where_the_rule_of_thumb_sleeps():
    rng = np.random.default_rng(5)
    shifts = [compare(histogram(rng.normal(size=20_000)), rng.normal(0.1, size=20_000))
              for _ in range(50)]
    assert all(shift.psi > shift.null_threshold for shift in shifts)
    assert all(shift.legacy_status == "ok" for shift in shifts)
