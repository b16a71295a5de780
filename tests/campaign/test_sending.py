"""Files for a sender: newest knowledge, safe to hand on, and never more people the second time."""

import csv
import datetime as dt
import json
import stat
from shutil import copytree

import pytest

from jobs import store
from jobs.__main__ import main
from jobs.campaign import sending
from jobs.campaign.sending import make
from jobs.contracts import feeds
from jobs.errors import NightlistError, ReleaseError, SendRefused
from jobs.policies import policy
from tests import leaks
from tests.campaign import sends
from tests.campaign.sends import (SUNDAY, THURSDAY, WEDNESDAY, consent, deliver, invitation,
                                  listed, opt_out, released)
from tests.release.nights import JUNE

EVERYONE = {name: {} for name in ("anna", "ben", "cleo")}
AAA = "2026-06-30-aaa"


def rows(folder, name="push.csv"):
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def channels(sent):
    return {row["user_id"]: row["channel"] for row in rows(sent.folder)}


def dropped(sent):
    return {row["user_id"]: row["reason"] for row in rows(sent.folder, "dropped.csv")}


def test_a_wave_without_news_is_sent_whole_with_what_a_sender_needs(tmp_path):
    released(tmp_path, EVERYONE)
    sent = make(tmp_path, 1, WEDNESDAY)
    assert sent.folder == tmp_path / "sends" / "2026-07-01" / f"{AAA}-wave-1"
    assert channels(sent) == dict.fromkeys(EVERYONE, "in_app") and dropped(sent) == {}
    anna = rows(sent.folder)[0]
    assert {**anna, "message_variables": json.loads(anna["message_variables"])} == {
        "user_id": "anna", "offer_id": "offer-anna", "channel": "in_app", "language": "zh",
        "limit_cny": "20000", "rate_daily": "0.000195", "rate_annual": "0.070200",
        "all_in_cost_annual": "0.071175", "valid_to": "2026-07-30",
        "message_variables": {"limit": "30,000元"}, "release_id": AAA}


def test_newest_consents_opt_outs_and_lists_decide(tmp_path):
    """Delivered after the night; what happens or comes after the day of sending is not known."""
    released(tmp_path, {name: {} for name in ("anna", "ben", "cleo", "dan", "eve", "finn", "gus")})
    deliver(tmp_path, feeds.CONSENTS, WEDNESDAY, consent("anna", WEDNESDAY, "withdrawn"))
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("ben", WEDNESDAY),
            opt_out("cleo", WEDNESDAY, "in_app"), opt_out("gus", WEDNESDAY, "sms"))
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, THURSDAY, opt_out("gus", WEDNESDAY))
    deliver(tmp_path, feeds.SUPPRESSIONS, WEDNESDAY, listed(WEDNESDAY, user="dan"),
            listed(WEDNESDAY, national_id="id-eve", list_name="student"))
    sent = make(tmp_path, 1, WEDNESDAY)
    assert dropped(sent) == {"anna": "account_consent", "ben": "not_opted_out",
                             "dan": "not_suppressed", "eve": "not_student"}
    assert channels(sent) == {"cleo": "push", "finn": "in_app", "gus": "in_app"}


def test_own_invitations_that_are_known_by_now_are_not_repeated(tmp_path):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.INVITATIONS, WEDNESDAY,
            invitation("anna", JUNE - dt.timedelta(days=200), "offer-anna"),
            invitation("ben", JUNE, "other"), invitation("cleo", JUNE, "theirs", "partner"))
    sent = make(tmp_path, 1, WEDNESDAY)
    assert dropped(sent) == {"anna": "sent_already", "ben": "frequency_cap"}
    assert channels(sent) == {"cleo": "in_app"}


def test_hold_outs_and_offers_that_are_over_are_not_sent_whatever_their_wave_says(tmp_path):
    released(tmp_path, {"anna": {"is_cell_holdout": True}, "ben": {"is_universal_holdout": True},
                        "cleo": {"valid_to": WEDNESDAY}, "dan": {}})
    assert dropped(make(tmp_path, 1, THURSDAY)) == {
        "anna": "held_out", "ben": "held_out", "cleo": "offer_over"}


def test_the_manifest_accounts_for_every_row_and_every_delivery(tmp_path):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("ben", WEDNESDAY))
    sent = make(tmp_path, 1, WEDNESDAY)
    said = store.read_json(sent.folder / "_manifest.json")
    assert said == sent.manifest
    assert (said["planned"], said["sent"], said["dropped"]) == (
        3, {"in_app": 2}, {"not_opted_out": 1})
    assert [(file["name"], file["rows"], file["sha256"]) for file in said["files"]] == [
        (name, count, store.file_sha256(sent.folder / name))
        for name, count in (("push.csv", 2), ("dropped.csv", 1))]
    landed = store.file_sha256(tmp_path / "landing/marketing_opt_outs/2026-07-01/_manifest.json")
    assert {"feed": "marketing_opt_outs", "delivery": "2026-07-01", "fingerprint": landed} in said[
        "deliveries"]
    assert (said["release_id"], said["policy"]["version"], said["replaces"]) == (
        AAA, "2015.1", None)


def test_the_same_knowledge_gives_the_same_bytes_and_changes_nothing(tmp_path):
    released(tmp_path / "one", EVERYONE)
    released(tmp_path / "two", EVERYONE)
    first, second = (make(tmp_path / home, 1, WEDNESDAY) for home in ("one", "two"))
    files = sorted(path.name for path in first.folder.iterdir())
    assert files == ["_manifest.json", "dropped.csv", "push.csv"]
    assert all((first.folder / name).read_bytes() == (second.folder / name).read_bytes()
               for name in files)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    again = make(tmp_path / "one", 1, WEDNESDAY)
    assert (again.folder, again.is_new) == (first.folder, False)
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_newer_knowledge_gives_a_revision_that_only_takes_people_away(tmp_path):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("ben", WEDNESDAY))
    first = make(tmp_path, 1, WEDNESDAY)
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("ben", WEDNESDAY, action="in"),
            opt_out("anna", WEDNESDAY, "in_app"), sequence=2)  # ben wants them after all
    deliver(tmp_path, feeds.SUPPRESSIONS, WEDNESDAY, listed(WEDNESDAY, user="cleo"))
    before = (first.folder / "push.csv").read_bytes()
    second = make(tmp_path, 1, WEDNESDAY)
    assert second.folder.name == f"{AAA}-wave-1.2"
    assert second.manifest["replaces"] == f"{AAA}-wave-1"
    assert dropped(second) == {"ben": "not_opted_out", "cleo": "not_suppressed"}
    assert channels(second) == {"anna": "push"}
    assert (first.folder / "push.csv").read_bytes() == before
    assert make(tmp_path, 1, WEDNESDAY).folder == second.folder


def test_what_was_in_another_file_is_not_sent_again(tmp_path):
    released(tmp_path, EVERYONE)
    make(tmp_path, 1, WEDNESDAY)
    assert dropped(make(tmp_path, 1, THURSDAY)) == dict.fromkeys(EVERYONE, "sent_already")


def test_another_offer_to_a_person_of_an_earlier_file_waits_for_the_cap(tmp_path):
    released(tmp_path, {"anna": {}, "ben": {"wave": None}})
    make(tmp_path, 1, WEDNESDAY)
    released(tmp_path, {"anna": {"offer_id": "new"}, "ben": {}}, WEDNESDAY, "bbb")
    assert dropped(make(tmp_path, 1, THURSDAY)) == {"anna": "frequency_cap"}
    week = WEDNESDAY + dt.timedelta(days=7)
    assert dropped(make(tmp_path, 1, week)) == {"ben": "sent_already"}


def test_the_files_of_a_day_hold_no_more_than_can_be_sent(tmp_path, monkeypatch):
    tight = sends_policy(tmp_path / "policies", daily_capacity=3)
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tight))
    home = tmp_path / "home"
    released(home, {**EVERYONE, "dan": {"wave": 2}})
    make(home, 1, WEDNESDAY)
    with pytest.raises(SendRefused, match="at most 3 invitations a day.*found 3 in files of the "
                       "day and 1 more"):
        make(home, 2, WEDNESDAY)
    assert channels(make(home, 2, THURSDAY)) == {"dan": "in_app"}


def sends_policy(folder, daily_capacity):
    copytree(policy.folder(), folder, ignore=lambda _, names: [
        name for name in names if name.endswith((".py", "__pycache__"))])
    path = folder / f"{sends.POLICY}.yaml"
    said = path.read_text(encoding="utf-8")
    assert "daily_capacity: 3000" in said
    path.write_text(said.replace("daily_capacity: 3000", f"daily_capacity: {daily_capacity}"),
                    encoding="utf-8")
    return folder


@pytest.mark.parametrize(("day", "told"), [
    (SUNDAY, "found 2026-07-05, a quiet day"), (JUNE, "expected a day from 2026-07-01")])
def test_nothing_is_sent_on_a_quiet_day_or_before_the_first(tmp_path, day, told):
    released(tmp_path, EVERYONE)
    with pytest.raises(SendRefused, match=told):
        make(tmp_path, 1, day)
    assert not (tmp_path / "sends").exists()


def test_a_wave_that_is_none_is_named(tmp_path):
    released(tmp_path, {"anna": {}, "ben": {"wave": 2}})
    with pytest.raises(SendRefused, match="expected a wave from 1 to 2 of 2026-06-30-aaa"):
        make(tmp_path, 3, WEDNESDAY)


def test_a_superseded_release_is_never_sent(tmp_path):
    released(tmp_path, EVERYONE)
    released(tmp_path, {"anna": {}}, run_id="bbb")
    with pytest.raises(SendRefused, match="found 2026-06-30-bbb; its list was taken back"):
        make(tmp_path, 1, WEDNESDAY, AAA)
    assert channels(make(tmp_path, 1, WEDNESDAY)) == {"anna": "in_app"}


def test_an_earlier_night_s_release_is_sent_where_it_is_named(tmp_path):
    released(tmp_path, {**EVERYONE, "dan": {"wave": None}})
    released(tmp_path, {"dan": {}}, WEDNESDAY, "bbb")
    assert set(channels(make(tmp_path, 1, THURSDAY))) == {"dan"}
    assert set(channels(make(tmp_path, 1, THURSDAY, AAA))) == set(EVERYONE)
    with pytest.raises(ReleaseError, match="release 2026-06-30-zzz"):
        make(tmp_path, 1, THURSDAY, "2026-06-30-zzz")


def test_one_channel_s_file_leaves_the_others_for_theirs(tmp_path):
    released(tmp_path, {"anna": {}, "ben": {"channel": "push"}, "cleo": {}})
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("cleo", WEDNESDAY, "in_app"))
    in_app, push = (make(tmp_path, 1, WEDNESDAY, channel=one) for one in ("in_app", "push"))
    assert (channels(in_app), channels(push)) == (
        {"anna": "in_app"}, {"ben": "push", "cleo": "push"})
    assert push.folder.name == f"{AAA}-wave-1-push"


def test_a_delivery_that_is_not_what_it_says_stops_the_sending(tmp_path):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.SUPPRESSIONS, WEDNESDAY, listed(WEDNESDAY, user="anna"))
    (tmp_path / "landing/suppressions/2026-07-01/suppressions.parquet").write_bytes(b"PAR1")
    with pytest.raises(NightlistError, match="landing/suppressions/2026-07-01"):
        make(tmp_path, 1, WEDNESDAY)
    assert not list((tmp_path / "sends").glob("*/*"))


def test_a_file_that_was_changed_is_not_built_on(tmp_path):
    released(tmp_path, EVERYONE)
    sent = make(tmp_path, 1, WEDNESDAY)
    with (sent.folder / "push.csv").open("a", encoding="utf-8") as stream:
        stream.write("x\n")
    with pytest.raises(SendRefused, match="wave-1/push.csv: expected the file as it was written"):
        make(tmp_path, 1, WEDNESDAY)


def test_a_crash_while_writing_leaves_no_file_and_the_next_try_writes_it(tmp_path, monkeypatch):
    released(tmp_path, EVERYONE)

    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(sending.send_files.store, "canonical", full)
    with pytest.raises(OSError, match="No space left"):
        make(tmp_path, 1, WEDNESDAY)
    monkeypatch.undo()
    assert not list((tmp_path / "sends").glob("*/[!.]*"))
    assert make(tmp_path, 1, WEDNESDAY).is_new


def test_files_are_their_owner_s_alone_and_hold_no_raw_identifier(tmp_path):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.SUPPRESSIONS, WEDNESDAY, listed(WEDNESDAY, national_id="id-anna-raw"))
    make(tmp_path, 1, WEDNESDAY)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [
        tmp_path / "sends", *(tmp_path / "sends").rglob("*")] if path.name != ".lock"}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    raw = leaks.raw_identifiers(tmp_path)
    assert len(raw) > 3 and leaks.leaked(tmp_path / "sends", raw) == {}


def test_a_text_that_a_spreadsheet_would_run_is_neutralised_in_the_file(tmp_path):
    released(tmp_path, {"anna": {"offer_id": "=cmd|' /C calc'!A0"}, "ben": {}})
    sent = make(tmp_path, 1, WEDNESDAY)
    assert rows(sent.folder)[0]["offer_id"] == "'=cmd|' /C calc'!A0"
    assert dropped(make(tmp_path, 1, THURSDAY))["anna"] == "sent_already"


def test_the_command_prints_who_is_sent_and_who_is_dropped(tmp_path, capsys):
    released(tmp_path, EVERYONE)
    deliver(tmp_path, feeds.MARKETING_OPT_OUTS, WEDNESDAY, opt_out("ben", WEDNESDAY),
            opt_out("cleo", WEDNESDAY, "in_app"))
    words = ["send-file", "--wave", "1", "--on", "2026-07-01", "--home", str(tmp_path)]
    assert main(words) == 0
    said = " ".join(capsys.readouterr().out.split())
    for line in ("Wave 1 on 2026-07-01", f"release {AAA}", "planned 3", "sent by in_app 1",
                 "sent by push 1", "dropped: not_opted_out 1", "sent 2",
                 f"file {tmp_path}/sends/2026-07-01/{AAA}-wave-1/push.csv"):
        assert line in said
    assert main(words) == 0
    assert "nothing new is known" in capsys.readouterr().out
    assert main([*words[:3], "--on", "2026-07-05", *words[-2:]]) == 1
    assert "quiet day" in capsys.readouterr().err
