"""The report's charts: inline SVG in the page's own colours and type.

matplotlib knows no CSS, so shapes are drawn in the marks below and the marks become the page's
variables afterwards: a chart follows light, dark and print without being drawn again. The width
is a phone's; on a wide screen charts stand in columns. The same numbers give the same SVG.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jobs.limits.words import short

#: Width of every chart, in inches of 72 points; a point is a CSS pixel at full size.
WIDTH = 6.0
_POINTS = 72
INK, QUIET, ACCENT, SOFT, LINE = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {INK: "currentColor", QUIET: "var(--quiet)", ACCENT: "var(--accent)",
              SOFT: "var(--soft)", LINE: "var(--line)"}
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "nightlist", "font.size": 14.5,
         "text.parse_math": False, "text.color": INK, "axes.edgecolor": LINE,
         "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": QUIET,
         "ytick.labelcolor": QUIET, "axes.labelcolor": QUIET, "axes.unicode_minus": True}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_ROW = 43 / _POINTS


def bars(rows: Sequence[tuple[str, str, int, int]], label: str) -> str:
    """Horizontal bars with their words above them.

    Args:
        rows: Of each bar, from the top: what stands above it at the left and at the right, its
            full length and its pale length (people), which follows the full one.
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, _ROW * len(rows) + 0.1))
        axes = axes_of(figure, (0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        places = [-float(place) for place in range(len(rows))]
        full = [row[2] for row in rows]
        axes.barh(places, full, height=0.34, color=ACCENT)
        axes.barh(places, [row[3] for row in rows], left=full, height=0.34, color=SOFT)
        longest = max((row[2] + row[3] for row in rows), default=0) or 1
        for place, (left, right, _, _) in zip(places, rows, strict=True):
            axes.text(0, place + 0.28, left, va="bottom", ha="left")
            axes.text(longest, place + 0.28, right, va="bottom", ha="right", color=QUIET)
        axes.set_xlim(0, longest)
        axes.set_ylim(-len(rows) + 0.7, 0.8)
        return svg(figure, label)


def distribution(considered: npt.ArrayLike, invited: npt.ArrayLike, label: str) -> str:
    """How many people have which score: everyone considered, and the invited among them.

    Args:
        considered: Score points of everyone considered, shape (n,).
        invited: Score points of the invited, shape (m,).
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.9))
        axes = axes_of(figure, (0.13, 0.17, 0.855, 0.71))
        edges = score_edges(considered)
        for points, color in ((considered, SOFT), (invited, ACCENT)):
            counts, _ = np.histogram(points, edges)
            axes.bar(edges[:-1], counts, np.diff(edges) * 0.92, align="edge", color=color)
        axes.set_xlim(edges[0], edges[-1])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=True))
        axes.grid(axis="y", color=LINE, linewidth=0.8)
        axes.tick_params(length=0, pad=6)
        axes.tick_params(axis="x", pad=11)  # its first label clears that of the other axis
        axes.set_xlabel("score points (more points, less risk)", labelpad=4)
        legend(axes, (("considered", SOFT), ("invited", ACCENT)))
        return svg(figure, label)


def heat(down: Sequence[str], across: Sequence[str], counts: npt.NDArray[np.int64],
         label: str) -> str:
    """Counts by two kinds: the more, the stronger; the number stands in each field.

    Args:
        down: Names of the rows, from the top.
        across: Names of the columns, from the left.
        counts: Shape (rows, columns).
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        height = 0.4 * len(down) + 0.5
        figure = Figure(figsize=(WIDTH, height))
        axes = axes_of(figure, (0.15, 0.02, 0.84, 1 - 0.46 / height))
        axes.spines["bottom"].set_visible(False)
        most, size = max(1, counts.max(initial=0)), min(14.5, 90 / max(1, len(across)))
        for (row, column), count in np.ndenumerate(counts):
            # Never so strong that the number on it is hard to read.
            axes.barh(row, 0.94, left=column - 0.47, height=0.9, color=ACCENT,
                      alpha=0.06 + 0.44 * float(np.sqrt(count / most)) if count else 0.03)
            if count:
                axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=size)
        axes.set_xlim(-0.5, max(0.5, len(across) - 0.5))
        axes.set_ylim(max(0.5, len(down) - 0.5), -0.5)
        axes.set_xticks(range(len(across)), across, fontsize=size)
        axes.set_yticks(range(len(down)), down)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, pad=4)
        return svg(figure, label)


def curve(points: Sequence[tuple[float, float]], now: float, names: tuple[str, str],
          label: str) -> str:
    """A value over an amount, with tonight's amount marked.

    Args:
        points: Amount and value, rising.
        now: Tonight's amount.
        names: Of the amount and of the value.
        label: What the chart shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.9))
        axes = axes_of(figure, (0.15, 0.18, 0.82, 0.62))
        amounts, values = ([point[place] for point in points] for place in (0, 1))
        axes.axvline(now, color=QUIET, linewidth=1, linestyle=(0, (2, 3)))
        axes.plot(amounts, values, color=ACCENT, linewidth=2, marker="o", markersize=4)
        if points:
            axes.plot([now], [np.interp(now, amounts, values)], color=INK, marker="o",
                      markersize=8)
        axes.text(now, 1.04, "tonight", ha="center", transform=axes.get_xaxis_transform(),
                  color=QUIET)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: short(value))
            axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        axes.set_ylim(bottom=min(0.0, *values) if values else 0.0)
        axes.grid(color=LINE, linewidth=0.8)
        axes.tick_params(length=0, pad=6)
        axes.set_xlabel(names[0], labelpad=6)
        axes.text(0, 1.14, names[1], transform=axes.transAxes, color=QUIET, va="bottom")
        return svg(figure, label)


def spark(values: Sequence[float], label: str) -> str:
    """A small line of the last nights, its end marked; beside a figure, without axes.

    Args:
        values: Oldest first, two at least.
        label: What the line shows, for a reader who cannot see it.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(2.0, 0.42))
        axes = axes_of(figure, (0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        axes.plot(range(len(values)), values, color=ACCENT, linewidth=1.6)
        axes.plot([len(values) - 1], [values[-1]], color=ACCENT, marker="o", markersize=4.5)
        axes.margins(0.04, 0.2)
        return svg(figure, label)


def score_edges(points: npt.ArrayLike, widest: int = 30) -> npt.NDArray[np.int64]:
    """Edges of at most `widest` classes of 5, 10, 20, 50, … points that hold all the points."""
    values = np.asarray(points, dtype=np.int64)
    low, high = (int(values.min()), int(values.max())) if values.size else (600, 600)
    step = next(size * 10**power for power in range(9) for size in (5, 10, 20)
                if (high - low) / (size * 10**power) <= widest - 2)
    first = low // step * step
    return np.arange(first, high // step * step + 2 * step, step)


def axes_of(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Plain axes in a part of the figure: left, bottom, width and height as shares of it."""
    axes = figure.add_axes(box)
    axes.patch.set_visible(False)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return axes


def legend(axes: Axes, words: Sequence[tuple[str, str]],
           places: Sequence[float] = (0.0, 0.32)) -> None:
    """Words with their colours above the axes; `places` from the left, as shares of the width."""
    for place, (word, color) in zip(places, words, strict=False):
        axes.plot([place + 0.012], [1.09], color=color, marker="s", markersize=8,
                  transform=axes.transAxes, clip_on=False)
        axes.text(place + 0.04, 1.09, word, transform=axes.transAxes, va="center")


def svg(figure: Figure, label: str) -> str:
    """The figure as an element that takes the width it is given."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    drawn = buffer.getvalue()
    drawn = drawn[drawn.index("<svg"):].strip()
    for unwanted in (r"<defs>\s*<style.*?</defs>\s*",    # would rule the whole page
                     r' id="(?![a-z][0-9a-f]{10}")[^"]*"',  # the same in every chart
                     r"font-family: [^;]*; ",            # the page's own type
                     r'(?<=") (width|height)="[0-9.]+pt"'):
        drawn = re.sub(unwanted, "", drawn, flags=re.DOTALL)
    for mark, variable in _VARIABLES.items():
        drawn = re.sub(rf"(fill|stroke): {mark}", rf"\1: {variable}", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
