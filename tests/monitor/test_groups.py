"""Groups of people: bands, selection, adverse impact, errors at the cut-off."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.monitor import groups


def night(folder, *rows, genders=None):
    """People as (user, age, invited) of a night, as `people` reads them."""
    users = [row[0] for row in rows]
    for name, columns in (
            ("decisions", {"user_id": users, "pd": [0.02] * len(rows),
                           "is_invited": [row[2] for row in rows],
                           "segment": ["thin_file"] * len(rows)}),
            ("feature_matrix", {"user_id": users[::-1], "age_years": pa.array(
                [row[1] for row in rows][::-1], pa.int64())})):
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / name / "part.parquet")
    return groups.people(folder, genders)


@pytest.mark.parametrize(("age", "band"), [
    (17, ""), (18, "18-24"), (24, "18-24"), (25, "25-34"), (54, "45-54"), (55, "55+"), (90, "55+"),
    (None, "")])
def test_the_bounds_of_the_age_bands(tmp_path, age, band):
    assert night(tmp_path, ("anna", age, True))["age_band"].to_pylist() == [band]


def test_a_gender_that_is_not_known_is_no_group(tmp_path):
    genders = pa.table({"user_id": ["anna"], "gender": ["female"]})
    found = night(tmp_path, ("anna", 30, True), ("bela", 30, True), genders=genders)
    assert found["gender"].to_pylist() == ["female", ""]


def crowd(**selected):
    """Group -> (invited, people), as rows with the column `age_band`."""
    bands = [(name, who < chosen) for name, (chosen, count) in selected.items()
             for who in range(count)]
    return pa.table({"age_band": [name for name, _ in bands],
                     "is_invited": [chosen for _, chosen in bands],
                     "pd": [0.01] * len(bands), "segment": ["thin_file"] * len(bands)})


def figures(rows, before=None):
    return {(one.metric, one.subject): one
            for one in groups.mix(rows, ["age_band"], before, "2026-05-31")}


def test_the_mix_and_the_ratio_of_a_group():
    found = figures(crowd(young=(20, 100), old=(40, 100)))
    assert found["selection_ratio", "age_band=young"].value == 0.2
    assert found["invited_share", "age_band=young"].value == pytest.approx(20 / 60)
    assert found["invited_share", "age_band=young"].reference == 0.5
    impact = found["adverse_impact_ratio", "age_band=young"]
    assert (impact.value, impact.against) == (0.5, "age_band=old")


def test_a_selection_stands_beside_that_of_the_earlier_night():
    found = figures(crowd(young=(20, 100)), crowd(young=(30, 100)))
    young = found["selection_ratio", "age_band=young"]
    assert (young.value, young.reference, young.against) == (0.2, 0.3, "2026-05-31")


def test_a_small_group_has_no_adverse_impact():
    found = figures(crowd(few=(0, 29), many=(50, 100)))
    assert ("adverse_impact_ratio", "age_band=few") not in found
    assert found["selection_ratio", "age_band=few"].value == 0


def test_people_in_no_band_are_in_no_group():
    assert all("age_band=" != subject for _, subject in figures(
        pa.concat_tables([crowd(young=(5, 40)), crowd(**{"": (0, 10)})])))


def test_errors_at_the_cut_off():
    rows = pa.table({"age_band": ["young", "young", "young", "old"]})
    found = {(one.metric, one.subject): (one.value, one.n) for one in groups.errors(
        np.array([True, False, False, False]), np.array([False, False, True, False]), rows,
        ["age_band"])}
    assert found == {
        ("false_positive_ratio", "all"): (1 / 3, 3), ("false_negative_ratio", "all"): (1.0, 1),
        ("false_positive_ratio", "age_band=young"): (0.5, 2),
        ("false_negative_ratio", "age_band=young"): (1.0, 1),
        ("false_positive_ratio", "age_band=old"): (0.0, 1)}
