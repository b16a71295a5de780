"""The real night on 30,000 card holders, judged on outcomes that it was not given."""

import datetime as dt
import json

import duckdb
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from jobs.__main__ import main
from jobs.adapters.card_approval import PROFILE
from jobs.release import warehouse

pytestmark = pytest.mark.real
NIGHT = ["night", "--as-of", "2005-11-01", "--feeds", "uci"]


@pytest.fixture(scope="module")
def uci(real_data):
    folder = real_data / "uci_credit_card"
    if not folder.is_dir():
        pytest.skip(f"no UCI data in {real_data}")
    return folder


@pytest.fixture(scope="module")
def judged(uci, tmp_path_factory):
    """A night that lacks every third known outcome, with those outcomes to judge it by."""
    data, home = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("judged")
    (data / "cards.parquet").symlink_to(uci / "cards.parquet")
    outcomes = pq.read_table(uci / "outcomes.parquet").to_pandas()
    withheld = outcomes[outcomes["ID"] % 3 == 0]
    outcomes[outcomes["ID"] % 3 != 0].to_parquet(data / "outcomes.parquet", index=False)
    assert main([*NIGHT, "--data", str(data), "--home", str(home)]) == 0
    release = warehouse.current(home)
    decided = warehouse.read(home, "decisions", release.release_id).to_pandas()
    truth = withheld.assign(user_id=withheld["ID"].astype(str),
                            bad=withheld["default.payment.next.month"])
    return decided.merge(truth[["user_id", "bad"]], on="user_id", how="inner"), len(withheld)


@pytest.fixture(scope="module")
def published(uci, tmp_path_factory):
    home = tmp_path_factory.mktemp("uci")
    assert main([*NIGHT, "--data", str(uci), "--home", str(home)]) == 0
    return home, warehouse.current(home)


def test_no_real_row_is_quarantined(published):
    """The data set is clean: a row that a contract refuses is the contract's mistake."""
    home, _ = published
    counts = [json.loads(path.read_text()) for path in home.glob("clean/*/*/_counts.json")]
    assert sum(one["received"] for one in counts) == 30_000 + 2 * 180_000 + 21_091
    assert sum(one["quarantined"] + one["duplicates"] for one in counts) == 0


def test_everyone_withheld_is_scored(judged):
    people, withheld = judged
    assert len(people) == withheld > 6_000
    assert people["pd"].between(0, 1).all()


def test_the_score_ranks_outcomes_it_has_not_seen(judged):
    # Untuned LightGBM reaches 0.785 on five times 24,000; 7,000 judged rows leave +-0.013.
    people, _ = judged
    assert roc_auc_score(people["bad"], people["pd"]) > 0.77
    assert roc_auc_score(people["bad"], -people["score_points"]) > 0.77


def test_the_probabilities_are_calibrated_on_outcomes_not_seen(judged):
    people, _ = judged
    assert people["pd"].mean() == pytest.approx(people["bad"].mean(), abs=0.02)


def test_few_of_the_invited_turn_bad(judged):
    people, _ = judged
    invited = people[people["is_invited"]]
    assert len(invited) > 0.2 * len(people)
    assert invited["bad"].mean() < 0.09 < 0.2 < people["bad"].mean()


def test_the_acceptance_night_considers_exactly_those_without_an_outcome(uci, published):
    home, release = published
    cards = pq.read_table(uci / "cards.parquet", columns=["ID"]).column("ID").to_pylist()
    known = pq.read_table(uci / "outcomes.parquet", columns=["ID"]).column("ID").to_pylist()
    decided = warehouse.read(home, "decisions", release.release_id).to_pydict()
    assert sorted(decided["user_id"]) == sorted(str(i) for i in set(cards) - set(known))
    assert sum(decided["is_invited"]) == release.invited == warehouse.read(
        home, "whitelist", release.release_id).num_rows


def test_its_limits_are_in_the_policy_s_currency_and_steps(published):
    home, release = published
    rows = warehouse.read(home, "whitelist", release.release_id).to_pylist()
    assert release.currency == "TWD"
    assert all(row["limit_twd"] % 10_000 == 0 and 20_000 <= row["limit_twd"] <= 500_000
               for row in rows)
    assert all(row["valid_from"] == dt.date(2005, 11, 2) for row in rows)


def test_time_travel_over_sixty_months_foresees_who_will_be_late(real_data, tmp_path):
    """As of May 2020 on outcomes known by then; judged by the half-year after, on other people."""
    data = real_data / "credit_card_approval"
    if not data.is_dir():
        pytest.skip(f"no card approval data in {real_data}")
    assert main(["night", "--as-of", "2020-05-01", "--feeds", "card-approval", "--data", str(data),
                 "--home", str(tmp_path)]) == 0
    release = warehouse.current(tmp_path)
    connection = duckdb.connect()
    connection.register("decided", warehouse.read(tmp_path, "decisions", release.release_id))
    judged = connection.sql(f"""
        with person as (
          select ID, min(ID) over (partition by {", ".join(PROFILE)}) as first_id
          from '{data}/application_record.parquet'),
        months as (
          select first_id, MONTHS_BALANCE as month, STATUS in ('1', '2', '3', '4', '5') as is_late
          from '{data}/credit_record.parquet' join person using (ID))
        select d.pd, d.is_invited, bool_or(is_late) as bad
        from decided d join months on first_id::varchar = d.user_id
        where first_id % 3 = 0 and month between -7 and -2
          and first_id in (select first_id from months where month = -8)
        group by d.user_id, d.pd, d.is_invited""").df()
    assert len(judged) > 2_500 and 0.05 < judged["bad"].mean() < 0.2
    auc = roc_auc_score(judged["bad"], judged["pd"])
    print(f"card approval, out of time and of people: AUC {auc:.3f}, {judged['bad'].mean():.1%} of "
          f"{len(judged)} bad, {judged.loc[judged['is_invited'], 'bad'].mean():.1%} of the invited")
    assert auc > 0.74
    assert judged.loc[judged["is_invited"], "bad"].mean() < judged["bad"].mean() / 2


def test_the_banks_customers_are_judged_without_a_score(real_data, tmp_path, capsys):
    data = real_data / "cmb_fintech2020"
    if not data.is_dir():
        pytest.skip(f"no CMB data in {real_data}")
    assert main(["night", "--as-of", "2019-07-01", "--feeds", "cmb", "--data", str(data),
                 "--home", str(tmp_path)]) == 0
    (passed,), = duckdb.sql(f"select count(*) from '{data}/tag.parquet' where age between 18 and "
                            "60 and cur_debit_cnt + cur_credit_cnt > 0").fetchall()
    said = capsys.readouterr().out
    assert f"eligible {passed:,}" in said and "received 167,418, accepted 167,418" in said
    assert "published  nothing" in said
