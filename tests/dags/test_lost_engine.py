"""A step whose cluster does not answer is tried again; what is refused is not."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import datetime, pathlib, sys
sys.path.insert(0, 'dags')
from step_task import run_or_fail
from jobs.config import Run
for name in ('windows', 'offers'):
    run = Run(home=pathlib.Path(sys.argv[1]), as_of=datetime.date(2026, 6, 30), run_id='aaa')
    try:
        run_or_fail(name, run)
    except Exception as error:
        print(name, type(error).__name__)
    import os
    os.environ['NIGHTLIST_SPARK'] = 'duck'
"""


def test_a_lost_engine_is_tried_again_and_a_wrong_one_is_not(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow"),
             "NIGHTLIST_SPARK": "sc://127.0.0.1:1", "AIRFLOW__CORE__LOAD_EXAMPLES": "False"})
    said = done.stdout.splitlines()
    assert "windows EngineError" in said and "offers AirflowFailException" in said, done.stderr
