"""Checks a newer lock file against the tests: `make upgrade-check`, `ALL=1` for all of them.

Compiles the newest versions that setup.cfg's ranges allow, says what would change, installs them
into a copy of the tree in a temporary folder, and runs the tests there. requirements.lock is
touched only with `--write` (`WRITE=1`), and only where the tests passed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)
#: As `make lock` compiles it.
_COMPILE = ("pip", "compile", "--quiet", "--system-certs", "--universal", "--python-version",
            "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--all-extras",
            "--upgrade", "setup.cfg", "--output-file")
#: Of an ordinary check: what starts no cluster, no scheduler and no browser.
FAST = "not (scheduler or cluster or browser or airflow or java)"


def pins(text: str) -> dict[str, set[str]]:
    """Package -> versions; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for match in _PIN.finditer(text):
        found.setdefault(match["name"].lower(), set()).add(match["version"])
    return found


def changes(before: str, after: str) -> list[str]:
    """What sets two lock files apart, a line a package."""
    old, new = pins(before), pins(after)
    return [f"{name:<44} {_said(old.get(name)):<20} -> {_said(new.get(name))}"
            for name in sorted(old | new) if old.get(name) != new.get(name)]


def _said(versions: set[str] | None) -> str:
    return ", ".join(sorted(versions)) if versions else "-"


def compiled(folder: Path) -> Path:
    """The newest lock that the ranges allow, beside the one there is."""
    newer = folder / "requirements.lock"
    subprocess.run([_uv(), *_COMPILE, str(newer)], cwd=ROOT, check=True)
    return newer


def passes(newer: Path, folder: Path, markers: str) -> bool:
    """Install the lock into a copy of the tree, with its own .venv, and run the tests there."""
    tree = folder / "nightlist"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(
        ".venv", "var", ".git", "__pycache__", ".*_cache", "*.egg-info", "build"))
    shutil.copyfile(newer, tree / LOCK.name)
    python = tree / ".venv" / "bin" / "python"
    pip = [_uv(), "pip", "install", "--quiet", "--system-certs", "--python", str(python)]
    for words in ([_uv(), "venv", "--quiet", "--python", sys.executable, str(tree / ".venv")],
                  [*pip, "--require-hashes", "-r", str(newer)],
                  [*pip, "--no-deps", "--editable", str(tree)]):
        subprocess.run(words, cwd=tree, check=True)
    words = [str(python), "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
    return subprocess.run([*words, *(["-m", markers] if markers else [])], cwd=tree
                          ).returncode == 0


def _uv() -> str:
    """uv of this environment, else of the path."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else "uv"


def main(words: Sequence[str] | None = None) -> int:
    """Check; 0 where the newer lock passes or changes nothing."""
    parser = argparse.ArgumentParser(prog="make upgrade-check", description=__doc__)
    parser.add_argument("--all", action="store_true", help="all tests, not the fast ones only")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument("--write", action="store_true", help="renew requirements.lock on success")
    parser.add_argument("--lock", type=Path, default=LOCK, help="the lock file there is")
    parser.add_argument("--newer", type=Path, help="a lock file to check instead of compiling one")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="nightlist-upgrade-") as name:
        folder = Path(name)
        newer = arguments.newer or compiled(folder)
        found = changes(arguments.lock.read_text(), newer.read_text())
        print("\n".join(found) or "no newer version of anything within setup.cfg's ranges")
        if not found or arguments.dry_run:
            return 0
        if not passes(newer, folder, "" if arguments.all else FAST):
            print(f"upgrade-check: {len(found)} changes, tests FAILED; requirements.lock is as it "
                  "was")
            return 1
        if arguments.write:
            shutil.copyfile(newer, arguments.lock)
    print(f"upgrade-check: {len(found)} changes, tests passed; requirements.lock is "
          + ("renewed" if arguments.write else "as it was: WRITE=1 renews it"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
