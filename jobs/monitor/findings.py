"""What the step `monitor` has measured, on its way to the table and the page."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from jobs.monitor.figures import Figure
from jobs.monitor.nights import Night
from models.stability import Histogram


@dataclass
class Found:
    """What the step has measured, for the table and the page.

    Attributes:
        figures: All figures.
        histograms: Rows after HISTOGRAMS.
        people: Everyone considered, as `groups.people` gives them.
        vintages: An earlier night's date -> its people whose outcome is known by now.
        tested: What `calibration.reliability` gave of rows that the model had not seen.
        compared: The earlier night that this one is held against; None on a first night.
        before: Its distributions, the score's by the model of this night.
    """

    figures: list[Figure] = field(default_factory=list)
    histograms: pa.Table = None
    people: pa.Table = None
    vintages: dict[str, pa.Table] = field(default_factory=dict)
    tested: list[dict[str, float]] = field(default_factory=list)
    compared: Night | None = None
    before: dict[str, dict[str, Histogram]] = field(default_factory=dict)
