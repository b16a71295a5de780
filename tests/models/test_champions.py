"""Champions: two people, no way back in time, and every date keeps the model it had."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.errors import ModelMismatch, PromotionRefused
from models.champions import Entry, add, history, version_on
from models.registry import Model, save

JULY, AUGUST = dt.date(2026, 7, 1), dt.date(2026, 8, 1)


#: What the card of a model tells of.
METADATA = {
    "name": "pd", "target": "is_default", "objective": "binary", "rows": 200, "people": 180,
    "bads": 50, "observed_from": "2026-01-01", "observed_to": "2026-01-01",
    "as_of_date": "2026-06-30", "data_sha256": "0", "seed": 7, "code_version": "c",
    "lightgbm_version": "4", "folds": 5, "best_rounds": 40, "most_rounds": 3_000,
    "parameters": {"num_leaves": 15}, "features": [], "left_out": ["spend"], "terms": {},
    "weights": {"sum": 200.0, "effective_sample_size": 150.4},
    "split": {"headline": "out_of_fold"},
    "calibration": {"all": {"slope": 1.25, "intercept": -0.5}, "segments": {}},
    "metrics": {"auc": 0.8, "auc_low": 0.7, "auc_high": 0.9, "segments": {},
                "reliability": [{"expected": 0.2, "observed": 0.25, "rows": 200}]},
    "scale": {"anchor_points": 600, "anchor_odds": 30, "points_to_double_odds": 50}}


def make(home, trees, **metadata):
    """A version in the registry; what its trees say does not matter here."""
    return save(home, Model(trees, {**METADATA, **metadata}))


@pytest.fixture
def versions(tmp_path):
    return [make(tmp_path, trees) for trees in ("first", "second")]


def entry(version, day=JULY, **changed):
    return Entry(**{"version": version, "effective_from": day, "promoted_by": "Ann Li",
                    "approved_by": "Bo Chen", "reason": "better in every segment",
                    "recorded_at": "2026-06-30T08:00:00+00:00", **changed})


def test_a_date_has_the_champion_that_was_in_effect_then(tmp_path, versions):
    first, second = versions
    add(tmp_path, "pd", entry(first), None)
    add(tmp_path, "pd", entry(second, AUGUST), None)
    days = [dt.date(2026, 6, 30), JULY, dt.date(2026, 7, 31), AUGUST, dt.date(2030, 1, 1)]
    assert [version_on(tmp_path, "pd", day) for day in days] == [None, first, first, second,
                                                                 second]


def test_a_retired_model_has_no_champion_and_keeps_its_past(tmp_path, versions):
    add(tmp_path, "pd", entry(versions[0]), None)
    add(tmp_path, "pd", entry(None, AUGUST), None)
    assert version_on(tmp_path, "pd", AUGUST) is None
    assert version_on(tmp_path, "pd", JULY) == versions[0]


def test_a_decision_taken_back_on_its_own_day_counts_no_more(tmp_path, versions):
    first, second = versions
    add(tmp_path, "pd", entry(first), None)
    add(tmp_path, "pd", entry(second), None)
    assert version_on(tmp_path, "pd", JULY) == second
    assert [one.version for one in history(tmp_path, "pd")] == [first, second]


def test_a_decision_is_kept_as_it_was_said(tmp_path, versions):
    add(tmp_path, "pd", entry(versions[0], promoted_by="  Ann   Li "), None)
    assert history(tmp_path, "pd") == [entry(versions[0])]


@pytest.mark.parametrize("approver", ["Ann Li", "ann li", " ANN  LI "])
def test_nobody_approves_their_own_promotion(tmp_path, versions, approver):
    with pytest.raises(PromotionRefused, match="expected a second person"):
        add(tmp_path, "pd", entry(versions[0], approved_by=approver), None)
    assert history(tmp_path, "pd") == []


@pytest.mark.parametrize(("field", "option"), [
    ("promoted_by", "--by"), ("approved_by", "--approved-by"), ("reason", "--reason")])
def test_names_and_a_reason_are_required(tmp_path, versions, field, option):
    with pytest.raises(PromotionRefused, match=f"{option}: expected a text"):
        add(tmp_path, "pd", entry(versions[0], **{field: "  "}), None)


@pytest.mark.parametrize(("published", "is_refused"), [
    (dt.date(2026, 6, 30), False), (JULY, True), (dt.date(2026, 7, 15), True)])
def test_no_published_night_changes_its_model(tmp_path, versions, published, is_refused):
    if is_refused:
        with pytest.raises(PromotionRefused, match=f"expected a date after {published}"):
            add(tmp_path, "pd", entry(versions[0]), published)
    add(tmp_path, "pd", entry(versions[0], AUGUST), published)
    assert version_on(tmp_path, "pd", AUGUST) == versions[0]


def test_decisions_do_not_go_back_behind_one_another(tmp_path, versions):
    add(tmp_path, "pd", entry(versions[0], AUGUST), None)
    with pytest.raises(PromotionRefused, match="not before the last decision's, 2026-08-01"):
        add(tmp_path, "pd", entry(versions[1], JULY), None)


def test_there_must_be_a_champion_to_retire(tmp_path, versions):
    with pytest.raises(PromotionRefused, match="expected a champion to retire, found none"):
        add(tmp_path, "pd", entry(None), None)


def test_an_unknown_version_is_refused(tmp_path):
    with pytest.raises(ModelMismatch, match="models/pd/0123456789ab"):
        add(tmp_path, "pd", entry("0123456789ab"), None)


def test_a_damaged_version_is_refused(tmp_path, versions):
    (tmp_path / "models" / "pd" / versions[0] / "model.txt").write_text("other trees")
    with pytest.raises(ModelMismatch, match="the files were changed"):
        add(tmp_path, "pd", entry(versions[0]), None)


def test_a_model_of_one_segment_cannot_score_everyone(tmp_path):
    version = make(tmp_path, "trees", segment="thin_file")
    with pytest.raises(PromotionRefused, match="found one that learned from thin_file only"):
        add(tmp_path, "pd", entry(version), None)


def test_a_broken_file_is_refused_rather_than_read_as_no_champion(tmp_path, versions):
    add(tmp_path, "pd", entry(versions[0]), None)
    (tmp_path / "models" / "pd" / "champions.json").write_text('[{"version": "x"}]')
    with pytest.raises(PromotionRefused, match="restore the file from a backup"):
        version_on(tmp_path, "pd", JULY)


def test_decisions_made_at_once_are_all_kept(tmp_path, versions):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: add(tmp_path, "pd", entry(
            versions[number % 2], reason=f"reason {number}"), None), range(12)))
    assert {one.reason for one in history(tmp_path, "pd")} == {
        f"reason {number}" for number in range(12)}
