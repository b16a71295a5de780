"""What is written down of an attempt at a step."""

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest)

from jobs import lake, store
from jobs.__main__ import main
from jobs.config import Run
from jobs.contracts.operations import STEP_RUNS
from jobs.contracts.release import WATERFALL
from jobs.errors import MartError
from jobs.observability import log, measures, metrics, records
from jobs.observability.observe import observed

AS_OF = dt.date(2026, 6, 30)


@pytest.fixture(autouse=True)
def no_collector(monkeypatch):
    for name in (*metrics.ENDPOINTS, log.LOG):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture()
def run(tmp_path):
    return Run(home=tmp_path, as_of=AS_OF, run_id="a1")


def lines(run):
    return [json.loads(line) for line in log.file(run).read_text().splitlines()]


def fails(run, step="serve"):
    with pytest.raises(MartError), observed(run, step):
        raise MartError("mart", "a server", "none", "start it")


def test_a_step_that_ends_well_says_when_it_began_and_ended(run):
    with observed(run, "features") as attempt:
        attempt.counts = {"people": 3}
    began, ended = lines(run)
    assert (began["event"], ended["event"]) == ("step_started", "step_done")
    for line in (began, ended):
        assert (line["as_of"], line["run_id"], line["step"]) == ("2026-06-30", "a1", "features")
        assert line["timestamp"].endswith("Z") and line["level"] == "info"
    assert ended["counts"] == {"people": 3} and ended["attempt"] == 1


def test_a_failure_is_told_with_its_remedy_and_goes_on_its_way(run):
    fails(run)
    line = lines(run)[-1]
    assert (line["event"], line["level"]) == ("step_failed", "error")
    assert line["error"] == "MartError: mart: expected a server, found none; start it"


def test_of_an_engines_error_only_the_kind_is_kept_since_its_text_may_repeat_a_row(run):
    with pytest.raises(ValueError), observed(run, "tiles"):
        raise ValueError("row of user 6222020200112233445")
    assert lines(run)[-1]["error"] == records.attempts_of(run)[0]["error"] == "ValueError"
    assert "6222020200112233445" not in log.file(run).read_text()


def test_a_step_that_was_tried_again_has_two_attempts_and_one_end(run):
    fails(run)
    with observed(run, "serve"):
        pass
    assert [(one["attempt"], one["outcome"]) for one in records.attempts_of(run)] == [
        (1, "failed"), (2, "done")]
    assert [one["attempt"] for one in records.steps_of(run)] == [2]


def test_rows_and_bytes_are_those_of_the_files_written(run):
    rows = pa.table({"n": [1, 2, 3]})
    with observed(run, "release") as attempt:
        path = run.home / "three.parquet"
        pq.write_table(rows, path)
        measures.wrote(path)
        store.write_json({"a": 1}, run.home / "one.json")
    assert attempt.record["rows"] == 3
    assert attempt.record["bytes"] == path.stat().st_size + len('{\n  "a": 1\n}\n')


def test_a_table_counts_where_it_gets_its_place(run):
    rows = WATERFALL.arrow_schema.empty_table()
    with observed(run, "offers") as attempt:
        store.write_sorted(rows, WATERFALL, run.folder / "waterfall")
    file = run.folder / "waterfall" / "waterfall.parquet"
    assert (attempt.record["rows"], attempt.record["bytes"]) == (0, file.stat().st_size)


def test_a_folder_that_moves_twice_and_a_file_written_twice_count_once(run):
    with observed(run, "windows") as attempt:
        staged = run.home / ".tmp-0" / "0"
        staged.mkdir(parents=True)
        pq.write_table(pa.table({"n": [1, 2]}), staged / "part-0.parquet")
        lake.arrive(staged, run.home / ".tmp-1")
        for _ in range(2):
            store.write_json([], run.home / ".tmp-1" / "_tiles.json")
        lake.arrive(run.home / ".tmp-1", run.home / "windows")
    table, listed = (run.home / "windows" / name for name in ("part-0.parquet", "_tiles.json"))
    assert attempt.record["rows"] == 2
    assert attempt.record["bytes"] == table.stat().st_size + listed.stat().st_size


def test_what_ran_before_the_run_had_a_name_is_found_in_it(tmp_path):
    before = Run(home=tmp_path, as_of=AS_OF)
    with observed(before, "intake"):
        pass
    run = Run(home=tmp_path, as_of=AS_OF, run_id="a1")
    records.opened(run)
    assert [one["step"] for one in records.steps_of(run)] == ["intake"]
    assert records.attempts_of(before) == []


def test_the_table_has_every_attempt_of_the_dates_asked_for(run, tmp_path):
    fails(run)
    with observed(run, "serve"):
        pass
    other = Run(home=tmp_path, as_of=AS_OF + dt.timedelta(1), run_id="b2")
    with observed(other, "serve"):
        pass
    found = records.table(tmp_path, AS_OF, AS_OF)
    assert found.schema.equals(STEP_RUNS.arrow_schema)
    assert found.select(["run_id", "attempt", "outcome"]).to_pylist() == [
        {"run_id": "a1", "attempt": 1, "outcome": "failed"},
        {"run_id": "a1", "attempt": 2, "outcome": "done"}]


def test_the_command_writes_the_table(run, tmp_path, capsys):
    with observed(run, "serve"):
        pass
    out = tmp_path / "steps.parquet"
    assert main(["steps", "--from", "2026-06-30", "--home", str(tmp_path), "--format", "parquet",
                 "--output", str(out)]) == 0
    assert pq.read_table(out)["step"].to_pylist() == ["serve"]
    assert main(["steps", "--from", "2025-01-01", "--home", str(tmp_path)]) == 1
    assert "a night that ran" in capsys.readouterr().err


def test_lines_go_to_standard_error_where_asked_for(run, monkeypatch, capsys):
    monkeypatch.setenv(log.LOG, "json")
    with observed(run, "score"):
        pass
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["event"] for one in said] == ["step_started", "step_done"]


@pytest.fixture()
def collector(monkeypatch):
    """A receiver of OTLP over HTTP on this machine; what it was sent."""
    received = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(metrics.ENDPOINTS[0], f"http://127.0.0.1:{server.server_port}")
    yield received
    server.shutdown()
    server.server_close()


def test_a_collector_gets_seconds_rows_bytes_and_memory_by_step_and_run(run, collector):
    with observed(run, "score") as attempt:
        store.write_json([], run.home / "empty.json")
    (request,) = collector
    found = {}
    for metric in request.resource_metrics[0].scope_metrics[0].metrics:
        (point,) = metric.gauge.data_points
        about = {one.key: one.value.string_value for one in point.attributes}
        assert about == {"step": "score", "outcome": "done", "as_of": "2026-06-30",
                         "run_id": "a1"}
        found[metric.name] = point.as_int or point.as_double
    assert found["nightlist.step.written"] == len("[]\n")
    assert found["nightlist.step.rows"] == 0
    assert found["nightlist.step.memory.peak"] == attempt.record["peak_mib"] * 2**20
    assert found["nightlist.step.duration"] == attempt.record["seconds"]


def test_a_collector_that_is_away_stops_no_step(run, monkeypatch):
    monkeypatch.setenv(metrics.ENDPOINTS[0], "http://127.0.0.1:1")
    with observed(run, "score") as attempt:
        pass
    assert attempt.record["outcome"] == "done"
