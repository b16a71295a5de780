"""The card tells a reader everything that the metadata knows."""

import pytest

from models.card import card, figures, headline

from .test_champions import METADATA

INTERVAL = {"auc": 0.6, "auc_low": 0.5, "auc_high": 0.65}


def lines(**changed):
    return card("0123456789ab", {**METADATA, **changed}).splitlines()


def test_a_trained_model_has_a_card_in_the_registry(model):
    metrics = model.metadata["metrics"]
    text = card(model.version, model.metadata).splitlines()
    assert text[0] == f"# Model pd, version {model.version}"
    auc = (f"| AUC | {metrics['auc']:.4f} ({metrics['auc_low']:.4f} to "
           f"{metrics['auc_high']:.4f}) |")
    assert any(line.startswith(auc) for line in text)


def test_rows_bads_and_what_weights_leave_of_them():
    text = lines()
    assert ("- 200 rows of 180 people with a known is_default, 50 of them true in is_default "
            "(25.0%).") in text
    assert "- Weighted, they tell as much as 150 rows of equal weight." in text


def test_segments_and_the_scorecard_stand_beside_the_model():
    text = lines(challenger=INTERVAL, metrics={**METADATA["metrics"],
                                               "segments": {"thin_file": INTERVAL}})
    assert "| metric | everyone | scorecard, everyone | thin_file |" in text
    assert ("| AUC | 0.8000 (0.7000 to 0.9000) | 0.6000 (0.5000 to 0.6500) | "
            "0.6000 (0.5000 to 0.6500) |") in text


def test_lines_of_the_segments_and_tenths_of_the_rows():
    text = lines(calibration={"all": {"slope": 1.25, "intercept": -0.5},
                              "segments": {"thin_file": {"slope": 2.0, "intercept": 0.0}}})
    assert "| everyone else | 1.2500 | -0.5000 |" in text
    assert "| thin_file | 2.0000 | 0.0000 |" in text
    assert "| 0.2000 | 0.2500 | 200 |" in text


def test_features_with_sign_code_and_fingerprint():
    text = lines(features=[{"name": "card_limit_minor", "monotone": -1, "fingerprint": "f1",
                            "reason_code": "CARD_LIMIT"}])
    assert "| card_limit_minor | fall | CARD_LIMIT | f1 |" in text


def test_terms_say_what_they_add_and_against_what():
    text = lines(name="response", terms={"reference_limit_minor": 3_000_000,
                                         "reference_rate_annual": 0.12,
                                         "coefficients": {"limit": 0.25, "rate": -3.0}})
    assert any("an offer of 30,000 at 12% a year" in line for line in text)
    assert "| limit | log-odds for each unit of ln(limit / 30,000) | 0.2500 |" in text
    assert "| rate | log-odds for each unit of (rate a year - 0.12) | -3.0000 |" in text


def test_only_the_pd_has_points():
    assert "## Scale" in lines() and "## Scale" not in lines(name="response")


def test_a_model_of_one_segment_says_so():
    assert "- Only people of the segment thin_file: it scores nobody else." in lines(
        segment="thin_file")


@pytest.mark.parametrize(("split", "said"), [
    ({"headline": "out_of_fold"}, "out of fold"),
    ({"headline": "out_of_time", "people": "not_seen", "judged_on": "2026-05-01"},
     "out of time, on people it had not seen of 2026-05-01"),
    ({"headline": "out_of_time", "people": "all", "judged_on": "2026-05-01"},
     "out of time, on everyone of 2026-05-01")])
def test_a_comparison_says_how_each_was_judged(split, said):
    assert figures({**METADATA, "split": split}) == {
        "Rows": "200", "Judged": said, "AUC": "0.8000 (0.7000 to 0.9000)"}


def test_the_headline_of_an_amount_is_how_well_it_ranks():
    known = {**METADATA, "objective": "amount", "metrics": {
        "mae": 123_456.7, "mae_low": 1e5, "mae_high": 2e5, "rank_correlation": 0.5,
        "rank_correlation_low": 0.4, "rank_correlation_high": 0.6}}
    assert headline(known) == "rank 0.500 (0.400 to 0.600)"
    assert figures(known)["Mean absolute error"] == "123,457 (100,000 to 200,000)"
