"""What the step `monitor` has measured, on its way to the table and the page."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from jobs.monitor.figures import Figure
from jobs.monitor.nights import Night


@dataclass
class Found:
    """What the step has measured, for the table and the page.

    Attributes:
        figures: All figures.
        histograms: Rows after HISTOGRAMS.
        people: Everyone considered, as `groups.people` gives them.
        vintages: An earlier night's date -> its people whose outcome is known by now.
        compared: The earlier night, its people and its distributions; None on a first night.
    """

    figures: list[Figure] = field(default_factory=list)
    histograms: pa.Table = None
    people: pa.Table = None
    vintages: dict[str, pa.Table] = field(default_factory=dict)
    compared: Night | None = None
