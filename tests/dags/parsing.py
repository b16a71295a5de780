"""The DAGs as Airflow sees them, read in a process of its own, once for all tests."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Importing one of these would cost every parse seconds.
HEAVY = ("pyspark", "great_expectations", "lightgbm", "pandas", "duckdb", "pyarrow", "sklearn",
         "scipy", "pyiceberg", "matplotlib", "psycopg", "opentelemetry.sdk", "jobs.contracts")
NAMES = ("intake", "maintenance", "monitor", "nightly_whitelist", "serve_postgres",
         "train_models")

_CODE = """
import json, sys, time
sys.path.insert(0, 'dags')
import airflow.sdk
airflow.sdk.DAG, airflow.sdk.task
names, heavy = json.loads(sys.argv[1])
before = set(sys.modules)
found = {}
for name in names:
    start = time.perf_counter()
    dag = __import__(name).dag
    order, left = [], set(dag.task_ids)
    while left:
        ready = sorted(t for t in left if dag.get_task(t).upstream_task_ids <= set(order))
        order += ready
        left -= set(ready)
    def of(task):
        default = task.partial_kwargs if task.is_mapped else None
        get = default.get if task.is_mapped else lambda name: getattr(task, name)
        callbacks = get('on_failure_callback')
        return {'owner': get('owner'), 'retries': get('retries'), 'pool': get('pool'),
                'backoff': get('retry_exponential_backoff'),
                'longest_wait': get('max_retry_delay').total_seconds(),
                'hours': get('execution_timeout').total_seconds() / 3600,
                'told': [c.__name__ for c in (callbacks if isinstance(callbacks, (list, tuple))
                                              else [callbacks])],
                'inlets': sorted(a.name for a in task.inlets or ()),
                'outlets': sorted(a.name for a in task.outlets or ())}
    alert = dag.deadline[0] if isinstance(dag.deadline, (list, tuple)) else dag.deadline
    found[name] = {
        'seconds': time.perf_counter() - start, 'order': order, 'doc': dag.doc_md or '',
        'dag_id': dag.dag_id, 'owner': dag.owner, 'tags': sorted(dag.tags),
        'schedule': str(dag.schedule), 'params': sorted(dag.params), 'at_once': dag.max_active_runs,
        'catchup': dag.catchup, 'retries': [of(t)['retries'] for t in dag.tasks],
        'hours': [of(t)['hours'] for t in dag.tasks], 'tasks': {t.task_id: of(t)
                                                                for t in dag.tasks},
        'deadline': {'hours': alert.interval.total_seconds() / 3600, 'path': alert.callback.path,
                     'missed': alert.callback.kwargs['missed'],
                     'from': alert.reference.reference_name},
        'heavy': [one for one in heavy if one in set(sys.modules) - before]}
print(json.dumps(found))
"""


def environment(home):
    """An Airflow of its own below a home, with the DAGs of this tree."""
    return {**os.environ, "NIGHTLIST_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING", "PYTHONPATH": str(ROOT),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow'}/airflow.db"}


def run_python(home, code, *words, **named):
    """Run a program there; its last line is JSON, everything that it printed comes with it."""
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, text=True,
                          capture_output=True, env={**environment(home), **named})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


@functools.cache
def _all(home):
    return run_python(home, _CODE, json.dumps([NAMES, HEAVY]))[0]


def parsed(name, home):
    """Tasks in their order, heavy modules imported on the way, and what is said of the DAG."""
    return _all(home)[name]
