"""Late, twice, corrected, out of order: what counts for which night."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.feeds import STATEMENTS
from jobs.errors import DeliveryRefused
from jobs.inputs import code_version, facts, in_force
from jobs.intake import history
from jobs.intake.intake import take_in_feed
from jobs.intake.landing import DeliveryName, delivery_folder, delivery_names
from jobs.intake.outgoing import write_correction, write_delivery
from jobs.intake.status import arrivals
from jobs.policies.feeds import UNSTATED
from jobs.session import session

MAY_31 = dt.date(2026, 5, 31)
FIRST, SECOND, THIRD = (dt.date(2026, 6, day) for day in (1, 2, 3))


def bills(*rows):
    schema = pa.schema([field.with_nullable(True) for field in STATEMENTS.arrow_schema])
    return pa.Table.from_pylist([dict(zip(STATEMENTS.columns, row)) for row in rows], schema)


def bill(owed, user="anna"):
    return bills((user, MAY_31, owed, 0))


def deliver(home, day, owed, sequence=1, replaces=()):
    return write_correction(home, STATEMENTS, DeliveryName(day, sequence), bill(owed), "CNY",
                            replaces)


def take(home, as_of=THIRD):
    run = Run(home, as_of)
    return {str(name): counts for name, counts in
            take_in_feed(run, STATEMENTS, delivery_names(home, "statements", as_of)).items()}


def counting(home, as_of):
    """Delivery -> void from, of what counts for a night."""
    take(home, as_of)
    return {row["delivery"]: row["voided_on"]
            for row in in_force(Run(home, as_of), "statements", "CNY")}


def audited_night(home, as_of):
    store.write_json({"inputs": {}, "audit": {"whitelist": "…"}},
                     home / "nights" / as_of.isoformat() / "abc" / "run.json")


def test_a_higher_sequence_of_the_day_stands_in_for_the_lower_ones(tmp_path):
    deliver(tmp_path, FIRST, 100)
    take(tmp_path)
    deliver(tmp_path, FIRST, 200, sequence=2)
    assert counting(tmp_path, FIRST) == {"2026-06-01.2": None}
    assert (tmp_path / "clean/statements/delivery_date=2026-06-01").is_dir()


def test_a_refused_delivery_is_mended_by_the_next_sequence(tmp_path):
    (path,) = deliver(tmp_path, FIRST, 100).glob("*.parquet")
    path.write_bytes(b"cut short")
    with pytest.raises(DeliveryRefused, match="sha256"):
        take(tmp_path)
    deliver(tmp_path, FIRST, 200, sequence=2)
    done = take(tmp_path)
    assert done["2026-06-01"] == {"set_aside": 1} and done["2026-06-01.2"]["accepted"] == 1


def test_a_replaced_delivery_counts_for_the_nights_before_only(tmp_path):
    deliver(tmp_path, FIRST, 100)
    deliver(tmp_path, THIRD, 300, replaces=[FIRST])
    assert counting(tmp_path, SECOND) == {"2026-06-01": None}
    assert counting(tmp_path, THIRD) == {"2026-06-01": "2026-06-03", "2026-06-03": None}


def test_jobs_see_from_when_a_row_is_void(tmp_path, monkeypatch):
    deliver(tmp_path, FIRST, 100)
    deliver(tmp_path, THIRD, 300, replaces=[FIRST])
    take(tmp_path)
    run = Run(tmp_path, THIRD, run_id="r")
    store.write_json({"inputs": {"code_version": code_version(), "deliveries": in_force(
        run, "statements", "CNY")}}, run.folder / "run.json")
    rows = facts(session(), run, STATEMENTS).collect()
    assert rows and facts(session(), run, STATEMENTS).columns == feeds.facts(STATEMENTS).columns
    assert {(row.balance_minor, row.voided_on) for row in rows} == {(100, THIRD), (300, None)}


def test_what_a_replaced_correction_replaced_stays_void(tmp_path):
    names = [DeliveryName(day) for day in (FIRST, SECOND, THIRD)]
    assert history.voided({names[0]: [], names[1]: ["2026-06-01"], names[2]: ["2026-06-02"]}) == {
        FIRST: SECOND, SECOND: THIRD}


def test_a_refused_delivery_that_a_later_one_replaces_is_set_aside(tmp_path):
    (path,) = deliver(tmp_path, FIRST, 100).glob("*.parquet")
    path.write_bytes(b"cut short")
    deliver(tmp_path, THIRD, 300, replaces=[FIRST])
    with pytest.raises(DeliveryRefused, match="sha256"):
        take(tmp_path, SECOND)
    assert take(tmp_path)["2026-06-01"] == {"set_aside": 1}


def test_nothing_can_stand_in_for_a_delivery_that_never_was(tmp_path):
    deliver(tmp_path, THIRD, 300, replaces=[FIRST])
    with pytest.raises(DeliveryRefused, match="replaces: expected dates of deliveries of this "
                       "feed, found '2026-06-01'.*as 2026-06-03.2"):
        take(tmp_path)


@pytest.mark.parametrize("replaces", ["2026-06-03", "2026-06-04", "June", "20260601"])
def test_only_earlier_dates_can_be_replaced(tmp_path, replaces):
    folder = deliver(tmp_path, THIRD, 300)
    said = store.read_json(folder / "_manifest.json")
    store.write_json({**said, "replaces": [replaces]}, folder / "_manifest.json")
    with pytest.raises(DeliveryRefused, match="expected dates before 2026-06-03"):
        take(tmp_path)


def test_out_of_order_is_fine_until_a_night_has_passed_its_audit(tmp_path):
    deliver(tmp_path, SECOND, 200)
    take(tmp_path)
    deliver(tmp_path, FIRST, 100)
    assert counting(tmp_path, SECOND) == {"2026-06-01": None, "2026-06-02": None}
    audited_night(tmp_path, SECOND)
    deliver(tmp_path, SECOND, 250, sequence=2)
    with pytest.raises(DeliveryRefused, match="a date after 2026-06-02"):
        take(tmp_path)


def test_a_late_fact_is_delivered_under_the_date_on_which_it_comes(tmp_path):
    audited_night(tmp_path, SECOND)
    deliver(tmp_path, THIRD, 300)
    assert counting(tmp_path, SECOND) == {}
    assert counting(tmp_path, THIRD) == {"2026-06-03": None}


def test_the_same_content_twice_is_one_delivery(tmp_path):
    write_delivery(tmp_path, STATEMENTS, FIRST, bill(100), "CNY")
    take(tmp_path)
    write_delivery(tmp_path, STATEMENTS, FIRST, bill(100), "CNY")
    assert take(tmp_path) == {}


@pytest.mark.parametrize("name", ["2026-06-01.1", "2026-06-01.02", "2026-06-01.0", "2026-6-1",
                                  "2026-06-01.x", "2026-06-01."])
def test_a_folder_of_another_name_is_refused(tmp_path, name):
    delivery_folder(tmp_path, "statements", name).mkdir(parents=True)
    with pytest.raises(DeliveryRefused, match="a folder named by its delivery date"):
        delivery_names(tmp_path, "statements", THIRD)


def test_arrivals_say_what_came_what_waits_and_what_is_late(tmp_path):
    deliver(tmp_path, FIRST, 100)
    take(tmp_path)
    deliver(tmp_path, SECOND, 200)
    write_delivery(tmp_path, feeds.FUNDING_LINES, FIRST, pa.Table.from_pylist(
        [{"funder": "own", "event_date": FIRST, "available_minor": 1, "cost_annual": None}],
        feeds.FUNDING_LINES.arrow_schema), "CNY")
    rows = {row["feed"]: row for row in arrivals(tmp_path, THIRD, UNSTATED).to_pylist()}
    bills_row = rows["statements"]
    assert (bills_row["status"], bills_row["newest"], bills_row["age_days"]) == (
        "on time", "2026-06-02", 1)
    assert (bills_row["deliveries"], bills_row["waiting"], bills_row["accepted"]) == (2, 1, 1)
    assert rows["bound_cards"]["status"] == "missing" and rows["logins"]["status"] == "none yet"
    assert rows["funding_lines"]["status"] == "on time"     # daily, two days old: one of grace
    later = {row["feed"]: row for row in arrivals(
        tmp_path, dt.date(2026, 6, 4), UNSTATED).to_pylist()}
    assert later["funding_lines"]["status"] == "late" and later["funding_lines"]["waiting"] == 1
