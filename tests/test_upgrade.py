"""The check of a newer lock: what it says would change, and what it leaves alone."""

import pytest

from tests import upgrade

OLD = """airflow==3.3.2 \\
    --hash=sha256:aa
numpy==2.1.0 ; python_full_version < '3.12' \\
    --hash=sha256:bb
numpy==2.2.0 ; python_full_version >= '3.12'
gone==1.0
"""
NEW = OLD.replace("3.3.2", "3.3.3").replace("sha256:bb", "sha256:cc").replace(
    "gone==1.0", "new-one==0.1")


def test_a_changed_version_a_new_and_a_gone_package_are_told_and_a_hash_is_none():
    assert [line.split() for line in upgrade.changes(OLD, NEW)] == [
        ["airflow", "3.3.2", "->", "3.3.3"], ["gone", "1.0", "->", "-"],
        ["new-one", "-", "->", "0.1"]]
    assert upgrade.pins(OLD)["numpy"] == {"2.1.0", "2.2.0"}


def test_a_dry_run_and_one_that_fails_leave_the_lock_alone(tmp_path, capsys, monkeypatch):
    lock, newer = tmp_path / "old.lock", tmp_path / "new.lock"
    lock.write_text(OLD)
    newer.write_text(NEW)
    words = ["--lock", str(lock), "--newer", str(newer)]
    assert upgrade.main([*words, "--dry-run", "--write"]) == 0
    assert "airflow" in capsys.readouterr().out and lock.read_text() == OLD
    monkeypatch.setattr(upgrade, "passes", lambda *given: False)
    assert upgrade.main([*words, "--write"]) == 1
    assert "FAILED" in capsys.readouterr().out and lock.read_text() == OLD
    monkeypatch.setattr(upgrade, "passes", lambda *given: True)
    assert upgrade.main(words) == 0 and lock.read_text() == OLD
    assert upgrade.main([*words, "--write"]) == 0 and lock.read_text() == NEW


def test_nothing_newer_is_said_and_nothing_is_installed(tmp_path, capsys, monkeypatch):
    lock = tmp_path / "same.lock"
    lock.write_text(OLD)
    monkeypatch.setattr(upgrade, "passes", lambda *given: pytest.fail("nothing to try"))
    assert upgrade.main(["--lock", str(lock), "--newer", str(lock)]) == 0
    assert "no newer version" in capsys.readouterr().out
