"""Tokens: a keyed HMAC in place of every raw identifier, everywhere."""

import hashlib
import hmac
import json

import duckdb
import pytest

from jobs.errors import UsageError
from jobs.intake.tokens import Key, keys

from .conftest import DELIVERY

COLUMNS = ("user_id,event_date,card_number,action,card_kind,bank,card_limit_minor,"
           "is_name_verified,national_id,phone,age_years,gender,education,marital_status,region\n")
RAW = {"6222021234567890123", "110101199003074514", "13800138000"}
GOOD = "anna,2026-05-31,6222021234567890123,bind,credit,icbc,100,true,110101199003074514," \
       "13800138000,30,female,,,\n"
BAD = GOOD.replace("anna", "ben").replace(",30,", ",300,")
SHORT = "carl,2026-05-31,6222021234567890123,110101199003074514,13800138000\n"


@pytest.mark.parametrize("length", [32, 64, 100])
def test_the_engine_s_token_is_python_s_hmac(length):
    key = Key("k1", bytes(range(length)))
    text = "6222 张伟"
    expected = "k1:" + hmac.new(key.secret, text.encode(), hashlib.sha256).hexdigest()[:32]
    found = duckdb.execute(f"select {key.sql('raw')} from (select ? as raw)", [text]).fetchall()
    assert found == [(expected,)] and key.token(text) == expected


def test_raw_identifiers_are_nowhere_after_intake(desk):
    content = (COLUMNS + GOOD + BAD + SHORT).encode()
    counts = desk.take("bound_cards", {"b.csv": content}, [3],
                       {"card_limit_minor": 200, "age_years": 330})
    assert (counts["accepted"], counts["quarantined"]) == (1, 2)
    (key,) = keys(desk.home)
    row = desk.clean("bound_cards")[0]
    assert {row[2], row[8], row[9]} == {key.token(raw) for raw in RAW}
    shown = [json.loads(one["row_json"]) for one in desk.quarantine("bound_cards")]
    assert {"file": "b.csv", "line": 4} in shown
    assert key.token("13800138000") in {one.get("phone") for one in shown}
    for path in desk.home.rglob("*"):
        if path.is_file() and "landing" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += str(duckdb.sql(f"select * from '{path}'").fetchall()).encode()
            assert not any(raw.encode() in content for raw in RAW), path


def test_a_home_makes_a_key_of_its_own_that_only_its_owner_reads(tmp_path, monkeypatch):
    monkeypatch.delenv("NIGHTLIST_TOKEN_KEYS")
    (made,) = keys(tmp_path)
    assert keys(tmp_path) == [made] and len(made.secret) == 32
    assert (tmp_path / "keys" / "tokens").stat().st_mode & 0o777 == 0o600
    assert made.secret.hex() not in repr(made)


def test_the_newest_key_comes_first_and_older_ones_stay_known(tmp_path, monkeypatch):
    path = tmp_path / "tokens"
    path.write_text(f"new:{'ab' * 32}\nold:{'cd' * 32}\n")
    monkeypatch.setenv("NIGHTLIST_TOKEN_KEYS", str(path))
    assert [key.name for key in keys(tmp_path)] == ["new", "old"]


@pytest.mark.parametrize("content", ["", "k1:abcd", "secret-without-a-name", "k 1:" + "ab" * 32])
def test_a_file_without_keys_is_refused_and_not_shown(tmp_path, monkeypatch, content):
    path = tmp_path / "tokens"
    path.write_text(content)
    monkeypatch.setenv("NIGHTLIST_TOKEN_KEYS", str(path))
    with pytest.raises(UsageError, match="one name:hex a line") as caught:
        keys(tmp_path)
    assert not content or content not in str(caught.value)


def test_the_day_of_delivery_is_the_second_clock(desk):
    desk.take("bound_cards", {"b.csv": (COLUMNS + GOOD).encode()}, [1],
              {"card_limit_minor": 100, "age_years": 30})
    assert desk.clean("bound_cards")[0][-1] == DELIVERY
