"""Whether newer versions of the libraries pass the tests: `make upgrade-check`.

Airflow and all else are pinned in requirements.lock. This compiles a newer lock from the ranges of
setup.cfg (or takes one), shows what would change, sets up an environment of its own from it and
runs the tests there. Neither requirements.lock nor .venv is touched; the last line says how to take
the newer lock over. For a version beyond a range, widen the range in setup.cfg first.

    python -m tests.upgrade                     newest versions within the ranges, quick tests
    python -m tests.upgrade --all               with the long tests too
    python -m tests.upgrade --lock FILE         a lock that is there already
    python -m tests.upgrade tests/dags          only these tests
    python -m tests.upgrade --compare           show what would change, install nothing
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
#: Tests that take minutes each: only with --all.
LONG = ("scheduler", "cluster", "browser")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """Package -> version of a lock's text; versions for several Pythons joined by ` | `."""
    found: dict[str, list[str]] = {}
    for name, version in _PIN.findall(lock):
        if version not in found.setdefault(name, []):
            found[name].append(version)
    return {name: " | ".join(versions) for name, versions in found.items()}


def changes(old: str, new: str) -> list[tuple[str, str, str]]:
    """Package, version before, version after of all that differ; `-` where there is none."""
    before, after = pins(old), pins(new)
    return [(name, before.get(name, "-"), after.get(name, "-"))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)]


def main(words: list[str] | None = None) -> int:
    """Compare, set up, test; 0 where the newer lock passes or changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lock", type=Path, help="test this lock instead of the newest versions")
    parser.add_argument("--all", action="store_true", help="run the long tests too")
    parser.add_argument("--compare", action="store_true", help="install and test nothing")
    parser.add_argument("paths", nargs="*", metavar="TESTS", help="only these tests")
    given = parser.parse_args(words)
    scratch = Path(tempfile.mkdtemp(prefix="nightlist-upgrade-"))
    lock = given.lock.resolve() if given.lock else compiled(scratch / "requirements.lock")
    found = changes(LOCK.read_text(encoding="utf-8"), lock.read_text(encoding="utf-8"))
    for name, before, after in found:
        print(f"{name:<44} {before:>20} -> {after}")
    print(f"{len(found)} packages differ from {LOCK.name}", flush=True)
    if not found or given.compare:
        return 0
    code = tested(lock, scratch / "venv", given.all, given.paths)
    print(f"the tests pass: cp {lock} {LOCK}" if code == 0 else
          f"the tests fail with these versions (pytest said {code}); {LOCK.name} stays as it is")
    return code


def compiled(lock: Path) -> Path:
    """The newest versions that setup.cfg's ranges allow, as `make lock` writes them."""
    print("compiling the newest versions within setup.cfg's ranges", flush=True)
    subprocess.run(
        [_uv(), "pip", "compile", "--quiet", "--system-certs", "--universal", "--python-version",
         "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--all-extras", "--upgrade",
         "setup.cfg", "--output-file", str(lock)], cwd=ROOT, check=True)
    return lock


def tested(lock: Path, venv: Path, everything: bool, paths: Sequence[str] = ()) -> int:
    """pytest's exit code in an environment made of that lock."""
    print(f"setting up {venv}", flush=True)
    python = venv / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    install = [_uv(), "pip", "install", "--quiet", "--system-certs", "--python", str(python)]
    subprocess.run([*install, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    chosen = [] if everything else ["-m", " and ".join(f"not {mark}" for mark in LONG)]
    return subprocess.run([str(python), "-m", "pytest", "-n", "2", "--dist", "loadfile", *chosen,
                           *paths], cwd=ROOT, check=False).returncode


def _uv() -> str:
    return str(Path(sys.executable).parent / "uv")


if __name__ == "__main__":
    sys.exit(main())
