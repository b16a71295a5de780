"""The truth: exact for any policy, followed by the feeds, and out of reach of every job."""

import ast
import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from jobs.__main__ import main
from jobs.errors import UsageError
from jobs.simulate import city, value
from jobs.simulate.blocks import City

ROOT = Path(__file__).parents[2]
START = dt.date(2026, 6, 29)
USERS = 3_000
#: Who may import the simulation: the step that delivers feeds, and the command line.
MAY_IMPORT = {"jobs/adapters/deliver.py", "jobs/__main__.py", "jobs/limits/whatif_commands.py"}


def offers(limit_cny=50_000, rate_daily=0.00035, people=USERS):
    return pa.table({"user_id": [f"u{n:07d}" for n in range(1, people + 1)],
                     "limit_cny": [limit_cny] * people, "rate_daily": [rate_daily] * people})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lent")
    lender = City(USERS, START, 7, block_people=2_000)
    city.simulate(folder, lender, START, workers=1)
    city.simulate(folder, lender, START + dt.timedelta(days=70), workers=1, offers=offers())
    return folder


def grid(home, limit_cny, rate_daily):
    return duckdb.sql(
        "select count_if(is_accepted), sum(balance_cny), count_if(default_day > 0), "
        f"sum(profit_cny) from '{home}/truth/outcomes/*.parquet' where limit_cny = {limit_cny} "
        f"and abs(rate_daily - {rate_daily}) < 1e-9").fetchall()[0]


@pytest.mark.parametrize("limit_cny", value.GRID_LIMITS_CNY)
@pytest.mark.parametrize("rate_daily", value.GRID_RATES_DAILY)
def test_the_value_of_one_offer_to_all_is_the_grid_s(home, limit_cny, rate_daily):
    found = value.policy_value(home, offers(limit_cny, rate_daily), START)
    assert (found.accepted, found.balance_cny, found.defaults) == grid(
        home, limit_cny, rate_daily)[:3]
    assert found.profit_cny == pytest.approx(grid(home, limit_cny, rate_daily)[3], abs=20)


def test_what_comes_is_near_what_is_expected(home):
    found = value.policy_value(home, offers())
    assert found.accepted == pytest.approx(found.expected_accepted, abs=4 * np.sqrt(USERS) / 2)
    assert found.defaults == pytest.approx(found.expected_defaults,
                                           abs=4 * np.sqrt(found.expected_defaults))


def test_choosing_people_is_worth_more_than_lending_to_all(home):
    pd = duckdb.sql(f"select user_id from '{home}/truth/people/*.parquet' order by stability "
                    "+ income - need + honesty desc limit 1500").to_arrow_table()
    steady = set(pd["user_id"].to_pylist())
    everyone = offers(200_000, 0.000195)
    chosen = everyone.filter(pa.array([user in steady for user in
                                       everyone["user_id"].to_pylist()]))
    assert (value.policy_value(home, chosen).expected_profit_cny
            > value.policy_value(home, everyone).expected_profit_cny)


def test_what_is_drawn_and_lost_is_near_what_is_expected(home):
    found = value.policy_value(home, offers())
    assert found.balance_cny == pytest.approx(found.expected_balance_cny, rel=0.05)
    assert found.loss_cny == pytest.approx(found.expected_loss_cny, rel=0.4)
    # What is lost is a share of the balances of those who default, and these are few.
    assert 0 < found.loss_cny < 0.65 * found.balance_cny * 0.1


def test_a_comparison_asks_in_minor_units(home):
    rows = pa.table({"user_id": ["u0000001", "u0000002"], "limit_minor": [2_000_000, 5_000_000],
                     "rate_daily": [0.0005, 0.00035]})
    both = value.policy_value(home, pa.table({
        "user_id": rows["user_id"], "limit_cny": [20_000, 50_000],
        "rate_daily": rows["rate_daily"]}), START)
    found = value.of_offers(home, rows, START)
    assert (found["true_profit"], found["realised_profit"]) == (
        round(both.expected_profit_cny), round(both.profit_cny))


def test_offers_that_were_lent_on_follow_their_truth_in_the_feed(home):
    """Lent on the second day: those who default within 70 days are overdue in loan_days."""
    truth = value.policy_value(home, offers(), START + dt.timedelta(days=1))
    loans = f"read_parquet('{home}/landing/loan_days/*/*.parquet') where lender = 'own'"
    lent, drawn = duckdb.sql(f"select count(distinct loan_id), sum(drawn_minor) // 100 from {loans}"
                             ).fetchall()[0]
    assert (lent, drawn) == (truth.accepted, truth.balance_cny)
    (overdue,) = duckdb.sql(f"select count(distinct loan_id) from {loans} and overdue_days > 0"
                            ).fetchall()[0]
    assert 0 < overdue < truth.defaults


def test_interest_is_paid_every_thirty_days(home):
    (paid, owed), = duckdb.sql(
        "select sum(repaid_minor), sum(balance_minor) from "
        f"read_parquet('{home}/landing/loan_days/*/*.parquet') where lender = 'own' and "
        "overdue_days = 0 and drawn_minor = 0").fetchall()
    assert paid / owed == pytest.approx(30 * 0.00035, rel=1e-4)


@pytest.mark.parametrize(("rows", "message"), [
    (pa.table({"user_id": ["u0000001"]}), "no limit_cny, rate_daily"),
    (pa.table({"user_id": ["u0009999"], "limit_cny": [1], "rate_daily": [0.1]}), "people of this"),
    (pa.table({"user_id": ["bob"], "limit_cny": [1], "rate_daily": [0.1]}), "'bob'"),
    (pa.table({"user_id": ["u0000001"] * 2, "limit_cny": [1, 1], "rate_daily": [0.1, 0.1]}),
     "somebody twice"),
])
def test_offers_that_are_not_for_this_city_are_refused(home, rows, message):
    with pytest.raises(UsageError, match=message):
        value.policy_value(home, rows)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("package", ["jobs", "models", "expectations", "dags"])
def test_no_job_reads_the_truth_or_imports_the_simulation(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("jobs/simulate/"):
            continue
        assert name in MAY_IMPORT or not [one for one in imports(path)
                                          if one.startswith("jobs.simulate")], name
        texts = [node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        assert not [text for text in texts if text == "truth" or "truth/" in text], name


def test_only_one_module_knows_where_the_truth_lies():
    names = [path.name for path in sorted((ROOT / "jobs" / "simulate").glob("*.py"))
             if '"truth"' in path.read_text(encoding="utf-8")]
    assert names == ["truth.py"]


def run(home, *words):
    return main(["simulate", "--home", str(home), *words])


def test_the_command_goes_on_where_the_city_is_and_says_how_fast(tmp_path, capsys):
    assert run(tmp_path, "--users", "200", "--from", "2026-06-01", "--days", "2") == 0
    assert "deliveries up to 2026-06-02" in capsys.readouterr().out
    assert run(tmp_path, "--days", "1") == 0
    said = capsys.readouterr().out
    assert "deliveries up to 2026-06-03" in said and "events/s" in said
    assert run(tmp_path, "--from", "2026-06-01", "--days", "3") == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "message"), [
    (["--days", "1"], "--from: expected the first day"),
    (["--days", "0", "--from", "2026-06-01"], "--days: expected at least 1"),
    (["--days", "1", "--from", "june"], "--from: expected a date like"),
    (["--days", "1", "--from", "2026-06-01", "--shock", "x"], "--shock: expected FIRST:LAST:SIZE"),
    (["--days", "1", "--from", "2026-06-01", "--whitelist", "none.parquet"], "a Parquet file"),
])
def test_a_wrong_word_to_the_command_is_told_the_form(tmp_path, capsys, words, message):
    assert run(tmp_path, *words) == 1
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and message in said and not (tmp_path / "landing").exists()


@pytest.mark.parametrize(("words", "message"), [
    (["--from", "2026-06-05", "--days", "1"], "a day from 2026-06-01"),
    (["--from", "2026-05-31", "--days", "5"], "a day from 2026-06-01"),
    (["--seed", "8", "--days", "1"], "use another --home"),
    (["--users", "201", "--days", "1"], "use another --home"),
    (["--seasons", "--days", "1"], "use another --home"),
])
def test_a_gap_or_another_city_is_refused(tmp_path, capsys, words, message):
    assert run(tmp_path, "--users", "200", "--from", "2026-06-01", "--days", "2") == 0
    assert run(tmp_path, *words) == 1
    assert message in capsys.readouterr().err


def test_the_command_prints_the_true_value_of_a_list(home, tmp_path, capsys):
    path = tmp_path / "w.parquet"
    pa.parquet.write_table(offers(people=100), path)
    assert main(["value", "--home", str(home), "--whitelist", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["offers", "100"]
    assert [line.split()[0] for line in lines[2:]] == ["accepted", "drawn", "defaults", "value"]
