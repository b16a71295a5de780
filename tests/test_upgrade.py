"""What the upgrade check says of two locks."""

from tests import upgrade

OLD = """\
apache-airflow==3.3.2 \\
    --hash=sha256:00
numpy==2.2.6 ; python_full_version < '3.12' \\
    --hash=sha256:01
numpy==2.4.1 ; python_full_version >= '3.12' \\
    --hash=sha256:02
left==1.0 \\
    --hash=sha256:03
"""
NEW = OLD.replace("3.3.2", "3.3.4").replace("left==1.0", "psycopg[binary]==3.3.9")


def test_a_package_with_a_version_a_python_has_both():
    assert upgrade.pins(OLD)["numpy"] == "2.2.6 | 2.4.1"


def test_what_is_newer_came_and_left_is_named_and_nothing_else():
    assert upgrade.changes(OLD, NEW) == [("apache-airflow", "3.3.2", "3.3.4"),
                                         ("left", "1.0", "-"), ("psycopg", "-", "3.3.9")]


def test_the_same_lock_passes_without_a_new_environment(capsys):
    assert upgrade.main(["--lock", str(upgrade.LOCK)]) == 0
    assert "0 packages differ" in capsys.readouterr().out


def test_a_comparison_installs_nothing(tmp_path, capsys):
    newer = tmp_path / "newer.lock"
    newer.write_text(upgrade.LOCK.read_text().replace("apache-airflow==3", "apache-airflow==4", 1))
    assert upgrade.main(["--lock", str(newer), "--compare"]) == 0
    said = capsys.readouterr().out
    assert "apache-airflow " in said and "setting up" not in said


def test_the_projects_own_lock_is_read_whole():
    assert {"apache-airflow", "pyspark", "pysail", "great-expectations"} <= set(
        upgrade.pins(upgrade.LOCK.read_text()))
