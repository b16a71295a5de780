"""Two nights with a day of sending between them: promises are kept, and the ledger says so."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.__main__ import main
from jobs.contracts import feeds
from jobs.intake.outgoing import write_delivery

from .conftest import AS_OF, USERS

NEXT = AS_OF + dt.timedelta(days=1)


def night(home, day):
    assert main(["night", "--as-of", day.isoformat(), "--feeds", "simulated", "--users",
                 str(USERS), "--home", str(home)]) == 0


def listed(home, day):
    """The whitelist of a night, as a file."""
    out = home / f"{day}.parquet"
    assert main(["whitelist", "--as-of", day.isoformat(), "--home", str(home), "--format",
                 "parquet", "--output", str(out)]) == 0
    return out


def suppress(home, user):
    """A complaint of the day on which the wave is sent."""
    assert not (home / "landing" / "suppressions" / NEXT.isoformat()).exists()
    write_delivery(home, feeds.SUPPRESSIONS, NEXT, pa.Table.from_pylist(
        [{"entry_id": "e1", "user_id": user, "national_id": None, "event_date": NEXT,
          "list_name": "complaint", "action": "added"}], feeds.SUPPRESSIONS.arrow_schema), "CNY")


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The first list, who complained, the second list and the second night's folder."""
    home = tmp_path_factory.mktemp("campaign")
    night(home, AS_OF)
    before = listed(home, AS_OF)
    assert main(["simulate", "--home", str(home), "--days", "1", "--whitelist", str(before)]) == 0
    drawn = f"{home}/landing/loan_days/{NEXT}/*.parquet"
    (complains,), = duckdb.sql(
        f"select min(user_id) from '{before}' where send_status = 'planned' and user_id not in "
        f"(select user_id from '{drawn}' where lender = 'own')").fetchall()
    suppress(home, complains)
    night(home, NEXT)
    (folder,) = [path for path in (home / "nights" / NEXT.isoformat()).iterdir() if path.is_dir()]
    return before, complains, listed(home, NEXT), folder


def ledger(folder):
    return pq.read_table(folder / "honour_ledger" / "honour_ledger.parquet").to_pylist()


def test_each_invitation_of_the_wave_is_in_the_ledger_by_its_own_id(nights):
    before, _, _, folder = nights
    sent = duckdb.sql(f"select offer_id, user_id, limit_cny * 100 from '{before}' "
                      "where wave = 1 order by 1").fetchall()
    assert [(row["offer_id"], row["user_id"], row["limit_minor"])
            for row in ledger(folder)] == sent
    assert 200 < len(sent) < pq.read_metadata(before).num_rows       # some are held out


def test_what_stands_is_on_the_next_list_as_it_was_sent_and_what_does_not_is_off_it(nights):
    before, _, after, folder = nights
    kept = sorted(row["offer_id"] for row in ledger(folder) if row["outcome"] == "kept")
    same = duckdb.sql(
        "select a.offer_id from '{}' a join '{}' b using (user_id, offer_id, limit_cny, "
        "rate_daily, valid_to) where a.send_status = 'sent' and a.method = 'honoured' "
        "and b.send_status = 'planned' and a.wave is null order by 1".format(after, before))
    assert [offer for offer, in same.fetchall()] == kept and len(kept) > 50
    others = [row["user_id"] for row in ledger(folder) if row["outcome"] != "kept"]
    users = pq.read_table(after, columns=["user_id"])["user_id"].to_pylist()
    assert not set(others) & set(users)


def test_who_borrowed_has_taken_the_offer(nights):
    _, _, _, folder = nights
    taken = sorted(row["user_id"] for row in ledger(folder) if row["outcome"] == "taken")
    drew = duckdb.sql(f"select distinct user_id from '{folder.parents[2]}/landing/loan_days/"
                      f"{NEXT}/*.parquet' where lender = 'own' and drawn_minor > 0 order by 1")
    assert taken == [user for user, in drew.fetchall()] and len(taken) > 50


def test_a_complaint_withdraws_the_offer_and_bars_the_person(nights):
    _, complains, _, folder = nights
    withdrawn = {row["user_id"]: (row["criterion"], row["text"]) for row in ledger(folder)
                 if row["outcome"] == "withdrawn"}
    assert withdrawn[complains] == (
        "not_suppressed", "No longer so: On no suppression list: fraud, court debtors, complaints, "
        "staff, the deceased.")
    barred = pq.read_table(folder / "suppressions_applied" / "suppressions_applied.parquet")
    assert [(row["list_name"], row["listed_on"], row["is_barred"]) for row in barred.to_pylist()
            if row["user_id"] == complains] == [("complaint", NEXT, True)]


def test_who_was_held_out_still_is_and_nobody_is_sent_twice(nights):
    before, _, after, _ = nights
    flags = "is_universal_holdout, is_cell_holdout, cell"
    moved = duckdb.sql(f"select user_id, {flags} from '{before}' where user_id in (select user_id "
                       f"from '{after}') except select user_id, {flags} from '{after}'")
    assert moved.fetchall() == []
    twice = duckdb.sql(f"select count(*) from '{after}' a join '{before}' b using (user_id) "
                       "where a.wave is not null and b.wave is not null")
    assert twice.fetchall() == [(0,)]


def test_the_gate_has_asked_for_every_promise(nights):
    _, _, _, folder = nights
    from expectations.campaign import promises

    asked = [row["expectation"] for row in store.read_json(folder / "gates.json")
             if row["table"] == "campaign" and row["success"]]
    assert asked == promises()
