"""What a DAG run is tells a backfill from a night: the mapping alone, without a scheduler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.airflow

_CODE = """
import sys
sys.path.insert(0, 'dags')
import datetime as dt
from types import SimpleNamespace
from airflow.sdk.api.datamodels._generated import DagRunType
import nightly_whitelist as module
import step_task
params = {name: module.dag.params[name] for name in module.dag.params}
def run(kind, **given):
    context = {'params': {**params, **given}, 'dag': module.dag,
               'logical_date': dt.datetime(2026, 6, 30, 14, 30, tzinfo=dt.timezone.utc),
               'dag_run': SimpleNamespace(run_type=DagRunType(kind), run_after=None)}
    module.get_current_context = step_task.get_current_context = lambda: context
    return module._run('')
for kind, given in (('scheduled', {}), ('manual', {}), ('backfill', {}),
                    ('backfill', {'supersede': 'mended'}), ('manual', {'supersede': 'mended'})):
    found = run(kind, **given)
    print(found.as_of, kind, found.backfill)
"""


def test_a_backfill_s_run_is_for_the_history_and_a_purpose_is_handed_on(tmp_path):
    done = subprocess.run([sys.executable, "-c", _CODE], cwd=ROOT, text=True, capture_output=True,
                          env={**os.environ, "AIRFLOW_HOME": str(tmp_path),
                               "AIRFLOW__CORE__LOAD_EXAMPLES": "False"})
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line for line in done.stdout.splitlines() if line.startswith("2026")] == [
        "2026-06-30 scheduled None", "2026-06-30 manual None",
        "2026-06-30 backfill Backfill(supersede='', by='')",
        "2026-06-30 backfill Backfill(supersede='mended', by='')",
        "2026-06-30 manual Backfill(supersede='mended', by='')"]
