"""The simulated night of 5,000 users against a frozen one.

A difference means that the night's meaning changed. If it was meant, freeze it anew with
`python -m tests.night.test_golden` and state the reason in the commit.
"""

import csv
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

GOLDEN = Path(__file__).parents[1] / "golden" / "simulated_night"
#: Every how many-th person is frozen.
SAMPLE = 25
#: Names of the run and of the model's version change with every edit of the code.
LEFT_OUT = ("release_id", "model_version")


def sample(folder, table, every=SAMPLE):
    rows = pq.read_table(folder / table / f"{table}.parquet").to_pylist()[::every]
    return [{key: ";".join(value) if isinstance(value, list)
             else f"{value:.6f}" if isinstance(value, float) else str(value)
             for key, value in row.items() if key not in LEFT_OUT} for row in rows]


def frozen(table):
    with (GOLDEN / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_whitelist_is_the_frozen_one(night_folder):
    assert sample(night_folder, "whitelist") == frozen("whitelist")


def test_the_decisions_are_the_frozen_ones(night_folder):
    assert sample(night_folder, "decisions") == frozen("decisions")


def test_the_waterfall_is_the_frozen_one(night_folder):
    assert sample(night_folder, "waterfall", every=1) == frozen("waterfall")


def freeze():
    from tests.night.conftest import AS_OF, run_night

    with tempfile.TemporaryDirectory() as home:
        assert run_night(Path(home)) == 0
        (folder,) = [p for p in Path(home, "nights", AS_OF.isoformat()).iterdir() if p.is_dir()]
        for table, every in (("whitelist", SAMPLE), ("decisions", SAMPLE), ("waterfall", 1)):
            rows = sample(folder, table, every)
            with (GOLDEN / f"{table}.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(freeze())
