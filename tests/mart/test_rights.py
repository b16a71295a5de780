"""Who may do what in the mart, proved by logins that try it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from jobs.contracts.campaign import WITHHELD
from jobs.errors import MartError
from jobs.mart.mart import serve
from jobs.mart.tables import views
from jobs.release import release, warehouse
from tests.mart.asking import Mart, ask, people
from tests.mart.conftest import new_mart
from tests.mart.server import Server
from tests.release.nights import night

pytestmark = pytest.mark.postgres
MARKETING, RISK, NOBODY = "mary", "rick", "paul"
REFUSED = errors.InsufficientPrivilege
WRITES = ("insert into {} select * from {}", "delete from {}", "truncate {}", "drop {kind} {}")


@pytest.fixture(scope="module")
def served(published: Path, server: Server, logins: None) -> Mart:
    """A mart with a release; mary is of marketing, rick of risk, paul of neither."""
    mart = new_mart(server)
    serve(published, mart())
    with psycopg.connect(server.address(), autocommit=True) as admin:
        admin.execute(f"grant nightlist_marketing to {MARKETING}")
        admin.execute(f"grant nightlist_risk to {RISK}")
    return mart


def refused(mart: Mart, user: str, query: str) -> None:
    with pytest.raises(REFUSED):
        ask(mart(user), query)


def base_tables() -> list[str]:
    return [f"nightlist.{name}" for name in (*warehouse.tables("CNY"), "releases")]


def marketing_views() -> list[str]:
    return [f"marketing.{view.name}" for view in views("CNY")]


def test_marketing_reads_its_views(served: Mart) -> None:
    assert people(served, MARKETING) == ["ann", "bob"]
    for view in marketing_views():
        assert ask(served(MARKETING), f"select count(*) from {view}")[0][0] > 0 \
            or view.endswith("changes_current")


def test_marketing_reads_no_table_behind_them(served: Mart) -> None:
    for table in (*base_tables(), 'nightlist."whitelist_2026-06-30-aaa"'):
        refused(served, MARKETING, f"select 1 from {table}")


@pytest.mark.parametrize("column", [*WITHHELD, "pd", "income_minor", "failing_rules"])
def test_marketing_s_views_lack_what_is_withheld(served: Mart, column: str) -> None:
    with pytest.raises(errors.UndefinedColumn):
        ask(served(MARKETING), f"select {column} from marketing.whitelist_current")
    found = ask(served(MARKETING), "select table_name from information_schema.columns where "
                f"table_schema = 'marketing' and column_name = '{column}'")
    assert found == []


def test_risk_reads_everything(served: Mart) -> None:
    for table in base_tables() + marketing_views():
        ask(served(RISK), f"select * from {table} limit 1")
    assert ask(served(RISK), "select pd from nightlist.decisions where user_id = 'ann'") == [
        (0.01,)]


@pytest.mark.parametrize("user", [MARKETING, RISK, NOBODY])
def test_nobody_writes_or_makes_anything(served: Mart, user: str) -> None:
    for table in base_tables():
        for write in WRITES:
            refused(served, user, write.format(table, table, kind="table"))
    for view in marketing_views():
        for write in ("delete from {}", "drop view {}", "alter view {} rename to mine"):
            refused(served, user, write.format(view))
        with pytest.raises((REFUSED, errors.ObjectNotInPrerequisiteState)):
            ask(served(user), f"insert into {view} select * from {view}")
    for make in ("create table public.mine (id int)", "create temporary table mine (id int)",
                 "create table marketing.mine (id int)", "create schema mine",
                 "create view marketing.mine as select 1", "create table nightlist.mine (id int)"):
        refused(served, user, make)


def test_who_is_of_no_group_reads_nothing(served: Mart) -> None:
    for table in base_tables() + marketing_views():
        refused(served, NOBODY, f"select 1 from {table}")


def test_the_next_load_takes_back_what_was_given_beside(served: Mart, published: Path) -> None:
    with psycopg.connect(served()) as owner:
        owner.execute("grant update (limit_cny), insert on nightlist.whitelist to "
                      "nightlist_marketing")
        owner.execute("grant usage on schema nightlist to nightlist_marketing")
        owner.execute("grant select on nightlist.decisions to public")
    serve(published, served())
    refused(served, MARKETING, "select 1 from nightlist.decisions")
    refused(served, MARKETING, "update nightlist.whitelist set limit_cny = 1")
    refused(served, NOBODY, "select 1 from nightlist.decisions")


def test_the_second_release_is_read_with_the_same_rights(
        tmp_path: Path, served: Mart, mart: Mart) -> None:
    """Roles and members are the cluster's, so they hold in this mart too."""
    for run_id, invited in (("aaa", "ann"), ("bbb", "dan")):
        release.publish(night(tmp_path, run_id=run_id, invited=(invited,)))
        serve(tmp_path, mart())
    assert people(mart, MARKETING) == ["dan"]
    refused(mart, MARKETING, 'select 1 from nightlist."whitelist_2026-06-30-bbb"')
    assert ask(mart(RISK), "select count(distinct release_id) from nightlist.whitelist") == [
        (2,)]


def test_a_loader_that_may_not_make_roles_needs_only_the_database(
        published: Path, mart: Mart, server: Server) -> None:
    serve(published, mart())  # makes the roles
    with psycopg.connect(server.address(), autocommit=True) as admin:
        admin.execute("create database plain_mart")
        admin.execute("grant create on database plain_mart to paul")
    plain = server.address("paul", "plain_mart")
    try:
        assert serve(published, plain).release_id == "2026-06-30-aaa"
        assert ask(plain, "select count(*) from marketing.whitelist_current") == [(2,)]
    finally:
        with psycopg.connect(server.address(), autocommit=True) as admin:
            admin.execute("drop database plain_mart with (force)")


def test_a_login_that_may_make_nothing_is_told_what_it_needs(
        published: Path, mart: Mart) -> None:
    with pytest.raises(MartError, match=r"expected a login that may make the mart.*CREATE on the "
                       "database"):
        serve(published, mart(NOBODY))


def test_a_database_in_which_everybody_may_make_tables_is_closed_or_refused(
        published: Path, mart: Mart, server: Server) -> None:
    database = mart().split("dbname=")[1].split()[0]
    with psycopg.connect(server.address(database=database), autocommit=True) as admin:
        admin.execute("grant create on schema public to public")
    serve(published, mart())  # its owner closes it
    refused(mart, NOBODY, "create table public.mine (id int)")
    with psycopg.connect(server.address(database=database), autocommit=True) as admin:
        admin.execute("alter schema public owner to admin")
        admin.execute("grant create on schema public to public")
    with pytest.raises(MartError, match="REVOKE CREATE ON SCHEMA public FROM PUBLIC"):
        serve(published, mart())
