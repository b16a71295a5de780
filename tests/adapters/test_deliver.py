"""The step `deliver`: the source that was chosen, and nothing else."""

import datetime as dt

import duckdb
import pytest

from jobs.adapters.deliver import main
from jobs.config import Run
from jobs.errors import DeliveryRefused, PolicyError, UsageError
from jobs.intake.landing import delivery_names

JUNE_30 = dt.date(2026, 6, 30)


def days(home, feed, as_of):
    return [name.day for name in delivery_names(home, feed, as_of)]


def test_the_simulated_source_counts_what_it_delivered(tmp_path):
    counts = main(Run(tmp_path, JUNE_30, "simulated", users=200))
    deliveries = [path.parent for path in tmp_path.glob("landing/*/*/_manifest.json")]
    assert counts["deliveries"] == len(deliveries)
    assert counts["rows"] == sum(rows_in(folder) for folder in deliveries)
    # 200 people, six statements each, and one row twice.
    assert rows_in(tmp_path / "landing" / "statements" / "2026-05-01") == 1201


def rows_in(folder):
    return duckdb.sql(f"select count(*) from '{folder}/*.parquet'").fetchall()[0][0]


def test_feeds_that_are_there_already_are_left_alone(tmp_path):
    assert main(Run(tmp_path, JUNE_30, "landing")) == {"deliveries": 0, "rows": 0}
    assert list(tmp_path.iterdir()) == []


def test_the_real_source_needs_its_folder(tmp_path):
    with pytest.raises(UsageError, match="--data"):
        main(Run(tmp_path, dt.date(2005, 11, 1), "uci", policy="card_holder_loan_twd"))


@pytest.mark.parametrize("other", [{"seed": 8}, {"users": 300},
                                   {"as_of": dt.date(2026, 6, 23)}])
def test_another_city_in_the_same_home_is_refused_before_anything_is_written(tmp_path, other):
    main(Run(tmp_path, JUNE_30, "simulated", users=200, seed=7))
    before = sorted(path for path in tmp_path.rglob("*"))
    known = {"as_of": JUNE_30, "users": 200, "seed": 7}
    with pytest.raises(DeliveryRefused, match="another --home, or --feeds landing"):
        main(Run(home=tmp_path, source="simulated", **{**known, **other}))
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_an_earlier_night_of_the_city_sees_the_same_deliveries(tmp_path):
    main(Run(tmp_path, JUNE_30, "simulated", users=200))
    assert main(Run(tmp_path, dt.date(2026, 6, 24), "simulated", users=200)) == {
        "deliveries": 0, "rows": 0}
    assert days(tmp_path, "statements", JUNE_30) == [dt.date(2026, 5, 1), dt.date(2026, 6, 1)]


def test_a_source_that_is_none_names_those_that_are(tmp_path):
    with pytest.raises(UsageError, match="simulated, uci, cmb, card-approval, landing"):
        main(Run(tmp_path, JUNE_30, "oracle"))


def test_invented_people_are_not_put_beside_deliveries_of_another_origin(tmp_path):
    main(Run(tmp_path, JUNE_30, "simulated", users=200))
    (tmp_path / "landing" / ".origin.json").unlink()
    with pytest.raises(DeliveryRefused, match="an empty landing area"):
        main(Run(tmp_path, JUNE_30, "simulated", users=200))


def test_a_misspelt_policy_is_noticed_before_landing_is_touched(tmp_path):
    with pytest.raises(PolicyError, match="policy wallet"):
        main(Run(tmp_path, JUNE_30, "simulated", users=200, policy="wallet"))
    assert not (tmp_path / "landing").exists()
