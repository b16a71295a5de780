"""The monitoring page's charts, drawn like those of the night's page (`jobs/report/charts.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from jobs.report.charts import ACCENT, INK, LINE, QUIET, SOFT, STYLE, WIDTH, axes_of, legend, svg
from models.stability import LEGACY_STOP, LEGACY_WARNING, Histogram

#: Height of a bar with its words above it, inches.
_ROW = 44 / 72
#: Where a bar of a stability index ends: beyond it more is no more telling.
_END = 1.0
_PLOT = (0.13, 0.16, 0.855, 0.70)


def drifters(rows: Sequence[tuple[str, float, float]], label: str) -> str:
    """Stability indices as bars, each with its null threshold, and the rule of thumb as lines.

    Args:
        rows: Of each bar, from the top: feature, index, null threshold.
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        height = _ROW * len(rows) + 0.5
        figure = Figure(figsize=(WIDTH, height))
        axes = axes_of(figure, (0.01, 0.34 / height, 0.98, 1 - 0.44 / height))
        places = -np.arange(len(rows), dtype=float)
        furthest = min(_END, max([LEGACY_STOP, *(max(one[1:]) for one in rows)]) * 1.04)
        for limit in (LEGACY_WARNING, LEGACY_STOP):  # beside the bars, not through their names
            axes.vlines([limit] * len(rows), places - 0.38, places + 0.2, color=QUIET,
                        linewidth=1, linestyle=(0, (2, 3)), zorder=0.5)
        axes.barh(places, [min(index, _END) for _, index, _ in rows], height=0.3, color=ACCENT)
        for place, (name, index, null) in zip(places, rows, strict=True):
            axes.plot([null, null], [place - 0.24, place + 0.24], color=INK, linewidth=2)
            axes.text(0, place + 0.26, name, va="bottom", ha="left")
            axes.text(furthest, place + 0.26, f"{index:.3f}", va="bottom", ha="right", color=QUIET)
        axes.set_xlim(0, furthest)
        axes.set_ylim(-len(rows) + 0.6, 0.85)
        axes.set_yticks([])
        axes.set_xticks([LEGACY_WARNING, LEGACY_STOP])
        axes.tick_params(length=0, pad=4)
        return svg(figure, label)


def shifted(before: Histogram, shares: tuple[npt.ArrayLike, npt.ArrayLike], label: str) -> str:
    """The score's distribution beside its reference, in the reference's tenths.

    Args:
        before: The reference.
        shares: Share of the people in each bin then and now, missing last.
        label: What the chart shows, for a reader who cannot see it.
    """
    then, now = (np.asarray(share, dtype=float) for share in shares)
    ends = [f"{edge * 100:.3g}" for edge in before["edges"]]
    names = [f"≤ {ends[0]}", *ends[1:], f"> {ends[-1]}"] if ends else ["any"]
    if then[-1] or now[-1]:
        names.append("–")
    then, now = then[:len(names)], now[:len(names)]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.9))
        axes = axes_of(figure, _PLOT)
        places = np.arange(len(names))
        axes.bar(places - 0.2, then * 100, 0.38, color=SOFT)
        axes.bar(places + 0.2, now * 100, 0.38, color=ACCENT)
        axes.set_xticks(places, names, fontsize=11)
        axes.set_xlabel("PD up to, per cent (tenths of the reference)", labelpad=6)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
        axes.grid(axis="y", color=LINE, linewidth=0.8)
        axes.tick_params(length=0, pad=6)
        legend(axes, (("reference", SOFT), ("this night", ACCENT)))
        return svg(figure, label)


def reliability(vintages: Mapping[str, Sequence[Mapping[str, float]]], label: str) -> str:
    """Observed bad rate over mean PD, by tenths of each vintage; the line is perfect calibration.

    Args:
        vintages: Vintage -> what `calibration.reliability` gives of its people, oldest first.
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 4.2))
        axes = axes_of(figure, _PLOT)
        highest = max([0.01, *(max(part["expected"], part["observed"])
                               for points in vintages.values() for part in points)]) * 108
        axes.plot([0, highest], [0, highest], color=QUIET, linewidth=1, linestyle=(0, (2, 3)))
        colors = [SOFT] * (len(vintages) - 1) + [ACCENT]
        for color, points in zip(colors, vintages.values(), strict=True):
            axes.plot([part["expected"] * 100 for part in points],
                      [part["observed"] * 100 for part in points], color=color, marker="o",
                      markersize=6, linewidth=1.5)
        axes.set_xlim(0, highest)
        axes.set_ylim(0, highest)
        axes.set_xlabel("mean PD of a tenth, per cent", labelpad=6)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.grid(color=LINE, linewidth=0.8)
        axes.tick_params(length=0, pad=6)
        newest = max(vintages)
        legend(axes, ((f"defaulted of {newest}, per cent", ACCENT),
                      *([("earlier", SOFT)] if len(vintages) > 1 else [])), (0.0, 0.62))
        return svg(figure, label)
