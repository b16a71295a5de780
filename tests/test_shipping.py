"""What a cluster's workers get with a session, and what is refused of them."""

import subprocess
import sys

import pytest

from jobs import shipping
from jobs.errors import UsageError

#: Every module whose functions the engine maps over batches.
MAPPED = ("jobs.limits.limits", "jobs.limits.sources", "jobs.scores.score", "jobs.scores.reasons",
          "jobs.shipping")


def test_a_python_that_has_only_the_zip_imports_what_is_mapped(tmp_path):
    path = tmp_path / "nightlist.zip"
    shipping.pack(path)
    program = ("import importlib, sys; sys.path.insert(0, sys.argv[1]); "
               "print(*(importlib.import_module(name).__file__ for name in sys.argv[2:]))")
    done = subprocess.run([sys.executable, "-c", program, str(path), *MAPPED], cwd=tmp_path,
                          capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"{path}/{name.replace('.', '/')}.py" for name in MAPPED]


def test_the_zip_is_the_same_for_the_same_sources(tmp_path):
    paths = [tmp_path / name for name in ("one.zip", "two.zip")]
    for path in paths:
        shipping.pack(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_workers_with_other_versions_are_refused_and_each_is_named():
    wanted = {"python": "3.11", "lightgbm": "4.7.0", "numpy": "2.3.1"}
    with pytest.raises(UsageError, match="expected python 3.11, numpy 2.3.1, found python 3.12, "
                       "numpy none; give the workers' Python the versions"):
        shipping.compare(wanted, {"python": "3.12", "lightgbm": "4.7.0"})
    shipping.compare(wanted, dict(wanted))
