"""Reasons: the codes that moved a PD most, and words for them that a customer may read."""

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
import yaml

from jobs.errors import ReasonError
from jobs.features.catalogue import ENTRIES
from models.prediction import contributions
from models.reasons import TEXTS, load, reason_codes, texts


def person_with(matrix, **columns):
    """One row of the matrix with other values; None: not known."""
    row = matrix.slice(0, 1)
    for name, value in columns.items():
        place = row.schema.get_field_index(name)
        row = row.set_column(place, row.schema.field(place),
                             pa.array([value], row.schema.field(place).type))
    return row


def of_lightgbm(model, person):
    """Contribution of each feature by LightGBM itself, and whether the feature is known."""
    row = np.array([[np.nan if person[name][0].as_py() is None else person[name][0].as_py()
                     for name in model.feature_names]], float)
    each = lgb.Booster(model_str=model.text).predict(row, pred_contrib=True)[0]
    return list(zip(model.reason_codes, each, ~np.isnan(row[0]), strict=False))


@pytest.mark.parametrize(("direction", "sign", "months"), [("for", -1, 0), ("against", 1, 3)])
def test_reasons_are_the_codes_that_moved_the_pd_most(matrix, model, direction, sign, months):
    person = person_with(matrix, overdue_months_1=months)
    sums = {}
    for code, value, known in of_lightgbm(model, person):
        code = code if known else "NOT_KNOWN"
        sums[code] = sums.get(code, 0.0) + sign * round(value, 9)
    expected = sorted((code for code in sums if sums[code] > 1e-9), key=lambda code: -sums[code])
    assert expected and reason_codes(model, person, direction=direction) == [expected[:3]]
    assert expected[0] == "OVERDUE_RECENT"


def test_no_code_speaks_both_for_and_against_a_person(matrix, model):
    both = list(zip(reason_codes(model, matrix, 40), reason_codes(model, matrix, 40, "against"),
                    strict=True))
    assert not any(set(favour) & set(against) for favour, against in both)
    assert sum(bool(favour and against) for favour, against in both) > 300


def test_of_what_is_not_known_nothing_is_said_that_the_person_did(matrix, model):
    person = person_with(matrix, overdue_months_1=None, overdue_count_6=None)
    codes, sums = contributions(model, person)
    found = dict(zip(codes, sums[0], strict=True))
    assert found["OVERDUE_RECENT"] == found["OVERDUE_HISTORY"] == 0.0
    assert found["NOT_KNOWN"] != 0.0
    told = reason_codes(model, person, 40) + reason_codes(model, person, 40, "against")
    assert not {"OVERDUE_RECENT", "OVERDUE_HISTORY"} & {code for codes in told for code in codes}


def test_not_to_be_known_never_speaks_for_a_person(matrix, model):
    unknown = [name for name in model.feature_names if name != "overdue_months_1"]
    for months in (0, 3, None):
        person = person_with(matrix, overdue_months_1=months, **dict.fromkeys(unknown))
        assert "NOT_KNOWN" not in reason_codes(model, person, 40)[0]


def test_no_more_codes_than_asked_for(matrix, model):
    assert {len(codes) for codes in reason_codes(model, matrix, how_many=1)} <= {0, 1}


def test_no_rows_give_no_reasons(matrix, model):
    assert reason_codes(model, matrix.slice(0, 0)) == []


def test_ties_go_by_code(model, monkeypatch):
    monkeypatch.setattr("models.reasons.contributions",
                        lambda *_: (["A", "B", "C", "D"], np.array([[-0.1, -0.3, -0.3, 0.0]])))
    assert reason_codes(model, None) == [["B", "C", "A"]]


def test_every_feature_has_a_code_and_every_code_its_words():
    lacking = [entry.field.name for entry in ENTRIES if not entry.field.reason_code]
    assert not lacking
    codes = {entry.field.reason_code for entry in ENTRIES} - {"NOT_KNOWN"}
    for language in ("en", "zh"):
        for direction in ("for", "against"):
            assert len(set(texts(sorted(codes), language, direction))) == len(codes)
    assert texts(["NOT_KNOWN"], "en", "against")[0].startswith("We know too little about you")


def test_chinese_texts_are_chinese_and_english_ones_are_not():
    for code, directions in load().items():
        for words in directions.values():
            han = {language: sum("\u4e00" <= letter <= "\u9fff" for letter in words[language])
                   for language in ("en", "zh")}
            assert han["en"] == 0 and han["zh"] > 0.8 * len(words["zh"]), code


def test_words_come_in_the_order_of_the_codes():
    found = texts(["INCOME", "FILE_AGE"], "en", "against")
    assert found == ["The income we can see is low for an offer at present.",
                     "Your credit history is shorter than that of most customers."]


def test_a_code_without_words_is_refused_by_name():
    with pytest.raises(ReasonError, match="reason MOON_PHASE.*a text for the person in en"):
        texts(["INCOME", "MOON_PHASE"])


@pytest.mark.parametrize(("change", "told"), [
    ({"INCOME": None}, "none for INCOME"),
    ({"INCOME": {"for": {"en": "Good.", "zh": "好。"}}}, "INCOME: expected the keys for, against"),
    ({"INCOME": {"for": {"en": "Good."}, "against": {"en": "Low.", "zh": "低。"}}},
     "INCOME.for: expected the keys en, zh"),
    ({"INCOME": {"for": {"en": "", "zh": "好。"}, "against": {"en": "Low.", "zh": "低。"}}},
     "INCOME.for.en: expected a sentence"),
    ({"NOT_KNOWN": {"for": {"en": "Good.", "zh": "好。"}}}, "NOT_KNOWN: expected the keys against"),
], ids=["code_missing", "direction_missing", "language_missing", "empty", "unknown_speaks_for"])
def test_texts_that_are_not_whole_are_refused(tmp_path, change, told):
    document = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    document.update(change)
    path = tmp_path / "reason_texts.yaml"
    path.write_text(yaml.safe_dump({code: found for code, found in document.items() if found}),
                    encoding="utf-8")
    with pytest.raises(ReasonError, match=told):
        load(path)
