"""The scorecard: weights of evidence, selection, coefficients and points, worked by hand."""

import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import brentq
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jobs.errors import ModelMismatch, TrainingRefused
from models import scorecard
from models.weight_of_evidence import cut, information_value, smoothed_woe


def rows(*groups):
    """Values and labels of groups (value, goods, bads)."""
    values = np.concatenate([np.full(goods + bads, value) for value, goods, bads in groups])
    labels = np.concatenate([np.arange(goods + bads) >= goods for _, goods, bads in groups])
    return values.astype(float), labels


#: 10 % bad up to 1, 40 % bad above: 900 goods and 200 bads in all.
TWO_GROUPS = rows((1, 720, 80), (2, 180, 120))


def cut_of(values, labels, sign=0):
    return cut(values, labels, np.ones(len(labels)), sign)


def test_weight_of_evidence_by_hand():
    # Prior: 20 rows at 200 / 1,100 = 16.3636 goods, 3.6364 bads to each bin.
    values, labels = TWO_GROUPS
    found = cut_of(values, labels)
    assert found.edges.tolist() == [1.0]
    assert found.woe == pytest.approx([
        math.log((83.636364 / 200) / (736.363636 / 900)),
        math.log((123.636364 / 200) / (196.363636 / 900)), 0.0], abs=1e-6)


def test_information_value_by_hand():
    # (0.4 - 0.8) ln(0.4 / 0.8) + (0.6 - 0.2) ln(0.6 / 0.2) = 0.4 ln 2 + 0.4 ln 3 = 0.4 ln 6
    counted = np.array([[720.0, 180.0], [80.0, 120.0]])
    woe = np.log(np.array([0.4 / 0.8, 0.6 / 0.2]))
    assert information_value(counted, woe) == pytest.approx(0.4 * math.log(6))


def test_an_empty_bin_speaks_neither_for_nor_against():
    assert smoothed_woe(np.array([[90.0, 0.0], [10.0, 0.0]])).tolist() == pytest.approx([0.0, 0.0])


def test_what_is_not_known_is_a_bin_of_its_own():
    values, labels = rows((1, 720, 80), (2, 180, 120), (np.nan, 90, 110))
    woe = cut_of(values, labels).woe
    # 200 rows with 110 bads, 20 more at 310 / 1,300 = 15.2308 goods and 4.7692 bads.
    assert woe[2] == pytest.approx(math.log((114.769231 / 310) / (105.230769 / 990)), abs=1e-6)


def test_a_known_sign_keeps_bins_in_order():
    # The lowest value is the worst against the sign: a hump that theory forbids.
    values, labels = rows((0, 150, 50), (1, 190, 10), (2, 160, 40), (3, 100, 100))
    free, kept = cut_of(values, labels).woe[:-1], cut_of(values, labels, sign=1).woe[:-1]
    assert (np.diff(free) < 0).any()
    assert (np.diff(kept) >= 0).all() and kept[-1] > kept[0]


def test_a_hump_no_larger_than_chance_is_none():
    # 26 bads of 200 after 28 of 200, on the way from 10 % to 40 %.
    values, labels = rows((0, 180, 20), (1, 172, 28), (2, 174, 26), (3, 120, 80))
    assert (np.diff(cut_of(values, labels).woe[:-1]) >= 0).all()


def test_a_negative_sign_is_the_positive_one_mirrored():
    values, labels = rows((1, 90, 10), (2, 80, 20), (3, 60, 40))
    rising, falling = cut_of(values, labels, 1), cut_of(-values, labels, -1)
    assert falling.woe[:-1].tolist() == rising.woe[-2::-1].tolist()


def test_a_weight_of_two_counts_as_two_rows():
    values, labels = rows((1, 80, 20), (2, 60, 40))
    twice = cut(np.tile(values, 2), np.tile(labels, 2), np.ones(400))
    weighted = cut(values, labels, np.full(200, 2.0))
    assert weighted.edges.tolist() == twice.edges.tolist()
    assert weighted.woe.tolist() == pytest.approx(twice.woe.tolist())


def test_no_bin_is_smaller_than_thirty_rows():
    values, labels = rows((1, 100, 10), (2, 9, 20), (3, 100, 30))
    assert len(cut_of(values, labels).edges) == 1


def test_one_feature_by_hand():
    # With one feature the two conditions of the optimum determine both numbers: the expected bads
    # are the bads seen, and the slope's gradient equals the penalty of 20 times the slope.
    values, labels = TWO_GROUPS
    card = scorecard.fit(values[:, None], labels, ["months_late"])
    low, high = card.characteristics[0].bins.woe[:2]

    def pd(margin):
        return 1 / (1 + math.exp(-margin))

    def intercept(slope):
        return brentq(lambda at: 800 * pd(at + slope * low) + 300 * pd(at + slope * high) - 200,
                      -20, 20)

    def gradient(slope):
        at = intercept(slope)
        return (low * (800 * pd(at + slope * low) - 80)
                + high * (300 * pd(at + slope * high) - 120) + 20 * slope)

    slope = brentq(gradient, 0, 5)
    assert card.characteristics[0].coefficient == pytest.approx(slope, abs=2e-6)
    assert card.intercept == pytest.approx(intercept(slope), abs=2e-6)
    assert card.margins(np.array([[1.0], [2.0]])) == pytest.approx(
        [card.intercept + slope * low, card.intercept + slope * high], abs=1e-5)


def test_points_are_those_of_the_anchor():
    # 600 points at odds of 30 to 1, 50 to double the odds.
    values, labels = TWO_GROUPS
    card = scorecard.fit(values[:, None], labels, ["months_late"])
    odds_of_good = np.exp(-card.margins(np.array([[1.0], [2.0], [np.nan]])))
    assert [row.bin for row in card.points] == ["<= 1", "> 1", "not known"]
    assert [row.points for row in card.points] == pytest.approx(
        600 + 50 * np.log2(odds_of_good / 30), abs=0.06)


def drawn(people=3_000, seed=4):
    """Three features of which the risk rises, falls and does not depend."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(people, 3))
    return values, rng.random(people) < 1 / (1 + np.exp(1.5 - values[:, 0] + values[:, 1]))


def test_the_card_is_monotone_in_every_signed_feature():
    values, labels = drawn()
    card = scorecard.fit(values, labels, ["late", "income", "noise"], signs=[1, -1, 0])
    grid = np.zeros((50, 3))
    for column, sign in ((0, 1), (1, -1)):
        varied = grid.copy()
        varied[:, column] = np.linspace(-3, 3, 50)
        moves = sign * np.diff(card.margins(varied))
        assert (moves >= 0).all() and moves.sum() > 0


def test_what_tells_nothing_stays_off_the_card():
    values, labels = drawn()
    constant, unknown = np.ones((len(values), 1)), np.full((len(values), 1), np.nan)
    card = scorecard.fit(np.hstack([values, constant, unknown]), labels,
                         ["late", "income", "noise", "constant", "unknown"])
    assert {one.name for one in card.characteristics} == {"late", "income"}


def test_of_two_that_tell_the_same_one_is_kept():
    values, labels = drawn()
    card = scorecard.fit(np.column_stack([values[:, 0], 2 * values[:, 0] + 1]), labels,
                         ["late_days", "late_hours"])
    assert [one.name for one in card.characteristics] == ["late_days"]


def test_without_any_information_the_card_is_the_average():
    labels = np.arange(400) < 100
    card = scorecard.fit(np.full((400, 2), np.nan), labels, ["unknown", "unknown_too"])
    assert card.margins(np.zeros((2, 2))) == pytest.approx([math.log(100 / 300)] * 2, abs=1e-6)


def test_no_coefficient_turns_its_bins_round():
    # Given the first, the second feature's own effect is the opposite of what it shows alone.
    rng = np.random.default_rng(2)
    true = rng.normal(size=4_000)
    shown = true + rng.normal(scale=0.6, size=4_000)
    labels = rng.random(4_000) < 1 / (1 + np.exp(1 - 2.5 * true + shown))
    card = scorecard.fit(np.column_stack([true, shown]), labels, ["true", "shown"])
    assert [one.name for one in card.characteristics] == ["true"]


def test_the_unit_of_weights_does_not_matter():
    values, labels = drawn()
    weights = np.random.default_rng(6).uniform(0.5, 2.0, len(labels))
    names = ["late", "income", "noise"]
    one, ten = (scorecard.fit(values, labels, names, weights=times * weights)
                for times in (1.0, 10.0))
    assert ten.margins(values) == pytest.approx(one.margins(values), abs=1e-5)


def test_contributions_are_exact():
    values, labels = drawn()
    card = scorecard.fit(values, labels, ["late", "income", "noise"])
    each, margins = card.contributions(values), card.margins(values)
    assert each.sum(axis=1) == pytest.approx(margins - margins.mean(), abs=1e-5)


def test_text_and_back_is_the_same_card():
    values, labels = drawn()
    card = scorecard.fit(values, labels, ["late", "income", "noise"])
    again = scorecard.from_json(json.loads(json.dumps(card.to_json())))
    assert again.to_json() == card.to_json()
    assert again.margins(values).tolist() == card.margins(values).tolist()


def test_the_order_of_rows_does_not_matter():
    values, labels = drawn()
    order = np.random.default_rng(1).permutation(len(values))
    names = ["late", "income", "noise"]
    assert (scorecard.fit(values[order], labels[order], names).to_json()
            == scorecard.fit(values, labels, names).to_json())


def test_rows_of_another_width_are_refused():
    card = scorecard.fit(TWO_GROUPS[0][:, None], TWO_GROUPS[1], ["months_late"])
    with pytest.raises(ModelMismatch, match=r"rows of 1 features.*\(5, 2\)"):
        card.margins(np.zeros((5, 2)))


@pytest.mark.parametrize("outcome", [True, False], ids=["all_bad", "all_good"])
def test_constant_labels_are_refused(outcome):
    with pytest.raises(TrainingRefused, match="all the same"):
        scorecard.fit(np.zeros((100, 1)), np.full(100, outcome), ["months_late"])


def test_a_feature_known_of_good_people_only_speaks_through_its_being_known():
    values, labels = rows((1, 300, 0), (np.nan, 300, 200))
    card = scorecard.fit(values[:, None], labels, ["paid_in_full_count"])
    known, unknown = card.margins(np.array([[1.0], [np.nan]]))
    assert [row.bin for row in card.points] == ["known", "not known"]
    assert known < card.intercept < unknown


def heloc(folder):
    """FICO's HELOC attributes; -7, -8 and -9 are codes of what is not known."""
    table = pq.read_table(folder / "heloc" / "heloc.parquet")
    names = [name for name in table.schema.names if name != "Bad"]
    values = np.column_stack([table[name].to_numpy() for name in names]).astype(float)
    values[values <= -7] = np.nan
    return values, table["Bad"].to_numpy() == 1, names


@pytest.mark.real
def test_on_real_bureau_attributes_the_card_ranks_as_well_as_a_plain_regression(real_data):
    # Logistic regression on the medians-filled, standardised values: no weights of evidence.
    values, labels, names = heloc(real_data)
    plain = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(),
                          LogisticRegression(max_iter=1_000))
    ours, theirs = np.zeros(len(labels)), np.zeros(len(labels))
    for kept, held_out in StratifiedKFold(5, shuffle=True, random_state=1).split(values, labels):
        card = scorecard.fit(values[kept], labels[kept], names)
        ours[held_out] = card.margins(values[held_out])
        theirs[held_out] = plain.fit(values[kept], labels[kept]).decision_function(
            values[held_out])
    assert roc_auc_score(labels, ours) > max(0.785, roc_auc_score(labels, theirs) - 0.001)
