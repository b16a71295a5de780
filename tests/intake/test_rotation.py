"""Token keys can be rotated: the same card stays the same card, and no key is lost unseen."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts.feeds import BOUND_CARDS
from jobs.errors import UsageError
from jobs.inputs import code_version, facts, in_force
from jobs.intake.intake import take_in_feed
from jobs.intake.landing import delivery_names
from jobs.intake.outgoing import write_delivery
from jobs.session import session

FIRST, SECOND = dt.date(2026, 6, 1), dt.date(2026, 6, 2)
OLD, NEW = "old:" + "11" * 32, "new:" + "22" * 32


def card(action, day, number="6222000000000001"):
    schema = pa.schema([field.with_nullable(True) for field in BOUND_CARDS.arrow_schema])
    return pa.Table.from_pylist([{
        "user_id": "anna", "event_date": day, "card_number": number, "action": action,
        "card_kind": "credit", "is_name_verified": True, "age_years": 30,
        "phone": "13800000001"}], schema)


@pytest.fixture()
def keys(tmp_path, monkeypatch):
    path = tmp_path / "token_keys"
    monkeypatch.setenv("NIGHTLIST_TOKEN_KEYS", str(path))
    return lambda *lines: path.write_text("\n".join(lines))


def take(home):
    return take_in_feed(Run(home, SECOND), BOUND_CARDS,
                        delivery_names(home, "bound_cards", SECOND))


def seen(home):
    run = Run(home, SECOND, run_id="r")
    store.write_json({"inputs": {"code_version": code_version(), "deliveries": in_force(
        run, "bound_cards", "CNY")}}, run.folder / "run.json")
    return facts(session(), run, BOUND_CARDS).orderBy("event_date").collect()


def test_a_card_unbound_under_a_new_key_is_the_card_bound_under_the_old_one(tmp_path, keys):
    keys(OLD)
    write_delivery(tmp_path, BOUND_CARDS, FIRST, card("bind", FIRST), "CNY")
    take(tmp_path)
    keys(NEW, OLD)
    write_delivery(tmp_path, BOUND_CARDS, SECOND, card("unbind", SECOND), "CNY")
    take(tmp_path)
    stored = pa.parquet.read_table(tmp_path / "clean/bound_cards/delivery_date=2026-06-02",
                                   partitioning=None)["card_number"][0].as_py()
    assert stored.startswith("new:")
    bound, unbound = seen(tmp_path)
    assert bound.card_number == unbound.card_number and bound.card_number.startswith("old:")
    assert bound.phone == unbound.phone != bound.card_number
    assert (bound.action, unbound.action) == ("bind", "unbind")


def test_without_rotation_there_are_no_links(tmp_path, keys):
    keys(OLD)
    write_delivery(tmp_path, BOUND_CARDS, FIRST, card("bind", FIRST), "CNY")
    take(tmp_path)
    assert not list((tmp_path / "links").rglob("*.parquet"))
    assert seen(tmp_path)[0].card_number.startswith("old:")


@pytest.mark.parametrize("left", [NEW, "old:" + "33" * 32])
def test_a_key_whose_tokens_are_there_must_not_be_lost(tmp_path, keys, left):
    keys(OLD)
    write_delivery(tmp_path, BOUND_CARDS, FIRST, card("bind", FIRST), "CNY")
    take(tmp_path)
    keys(left)
    write_delivery(tmp_path, BOUND_CARDS, SECOND, card("unbind", SECOND), "CNY")
    with pytest.raises(UsageError, match="expected the key old-[0-9a-f]{8}, which made tokens"):
        take(tmp_path)
    assert not (tmp_path / "clean/bound_cards/delivery_date=2026-06-02").exists()
