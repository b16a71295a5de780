"""What a step took, sent to an OpenTelemetry collector where one is named.

Nothing is imported or sent without `OTEL_EXPORTER_OTLP_ENDPOINT` (or
`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`), the variables that every OpenTelemetry program reads;
Airflow's own metrics go the same way with `AIRFLOW__METRICS__OTEL_ON=True`. Metrics, each with the
attributes `step`, `outcome`, `as_of` and `run_id`: `nightlist.step.duration` (s),
`nightlist.step.rows`, `nightlist.step.written` (By), `nightlist.step.memory.peak` (By).
"""

from __future__ import annotations

import os
from typing import Any

from jobs.config import Run

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
#: A collector that is away must not hold up a night: seconds to try.
PATIENCE_SECONDS = 3
#: Metric -> (key of a step's record, unit, factor to that unit).
METRICS = {"nightlist.step.duration": ("seconds", "s", 1),
           "nightlist.step.rows": ("rows", "{row}", 1),
           "nightlist.step.written": ("bytes", "By", 1),
           "nightlist.step.memory.peak": ("peak_mib", "By", 1024 * 1024)}


def send(run: Run, record: dict[str, Any]) -> None:
    """Send the figures of one attempt at a step; without a collector nothing happens."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    exporter = OTLPMetricExporter(timeout=PATIENCE_SECONDS)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], Resource.create({"service.name": "nightlist"}),
                             shutdown_on_exit=False)
    meter = provider.get_meter("nightlist")
    about = {"step": record["step"], "outcome": record["outcome"],
             "as_of": run.as_of.isoformat(), "run_id": run.run_id}
    for name, (key, unit, factor) in METRICS.items():
        meter.create_gauge(name, unit).set(record[key] * factor, about)
    provider.force_flush(timeout_millis=PATIENCE_SECONDS * 1000)
    provider.shutdown(timeout_millis=PATIENCE_SECONDS * 1000)
