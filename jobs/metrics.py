"""A step's seconds, rows, bytes and memory as OpenTelemetry gauges, where a collector is named.

OpenTelemetry's own variables say where (`OTEL_EXPORTER_OTLP_ENDPOINT`, or that of metrics) and how;
without one nothing is imported. Airflow's own metrics go there by its own settings
(`AIRFLOW__METRICS__OTEL_ON`). A collector that does not answer costs one step two seconds: the
process then stops trying.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

VARIABLES = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
#: Column of step_runs -> gauge and unit (UCUM).
GAUGES = {"seconds": ("nightlist.step.duration", "s"), "rows": ("nightlist.step.rows", "{row}"),
          "bytes": ("nightlist.step.written", "By"),
          "peak_mib": ("nightlist.step.peak_memory", "MiBy")}
#: Columns that tell the points apart.
ATTRIBUTES = ("step", "kind", "as_of_date", "run_id", "outcome")
_WAIT_SECONDS = 2
#: Providers that did not answer in this process.
_silent: set[str] = set()


def emit(row: Mapping[str, Any]) -> None:
    """Send the figures of one row of step_runs, or do nothing where no collector is named."""
    named = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    if not named or named in _silent:
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import Resource

    reader = InMemoryMetricReader()
    resource = Resource.create({} if os.environ.get("OTEL_SERVICE_NAME")
                               else {"service.name": "nightlist"})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter("nightlist")
    attributes = {name: str(row[name]) for name in ATTRIBUTES}
    for column, (name, unit) in GAUGES.items():
        if row[column] is not None:
            meter.create_gauge(name, unit).set(row[column], attributes)
    exporter = OTLPMetricExporter(timeout=_WAIT_SECONDS)
    data = reader.get_metrics_data()
    if data is not None and exporter.export(data) is not MetricExportResult.SUCCESS:
        _silent.add(named)
        print("nightlist: metrics were not taken by the collector; not tried again by this process",
              file=sys.stderr, flush=True)
    exporter.shutdown()
    provider.shutdown()
