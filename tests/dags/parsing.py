"""A DAG as Airflow sees it, read in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CODE = """
import json, sys
sys.path.insert(0, 'dags')
dag = __import__(sys.argv[1]).dag
heavy = [name for name in ('pyspark', 'great_expectations', 'lightgbm', 'pandas') if name in
         sys.modules]
task, order = dag.roots[0], []
while task:
    order.append(task.task_id)
    task = next((dag.get_task(t) for t in sorted(task.downstream_task_ids)
                 if dag.get_task(t).upstream_task_ids <= set(order)), None)
print(json.dumps({'order': order, 'heavy': heavy, 'doc': dag.doc_md, 'owner': dag.owner,
                  'tags': sorted(dag.tags), 'schedule': dag.schedule,
                  'params': sorted(dag.params), 'retries': [t.retries for t in dag.tasks],
                  'hours': [t.execution_timeout.total_seconds() / 3600 for t in dag.tasks]}))
"""


def parsed(name, home):
    """Tasks in their order, heavy modules imported on the way, and what is said of the DAG."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE, name], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "AIRFLOW_HOME": str(home / "airflow"),
             "AIRFLOW__CORE__LOAD_EXAMPLES": "False"})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])
