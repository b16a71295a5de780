"""How well the PDs tell and how true they are: promised without outcomes, then by outcomes since.

Sources: the people of a night (`groups.people`), and of earlier nights those whose outcome is known
by now. Outcomes are known only of people who took a loan, ours or a partner's: a vintage therefore
speaks of them, not of everyone scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.contracts.monitoring import ALL
from jobs.monitor.figures import Figure
from models.backtest import backtest, of_counts
from models.calibration import Labels
from models.evaluation import evaluate
from models.expected import expected_auc

#: Metrics of a vintage beside its calibration, each with an interval (see models/evaluation.py).
REALISED = ("auc", "gini", "ks", "h_measure", "ece")
#: Outcomes of each kind that they need: the variance of fewer than two cannot be told.
_FEWEST_CASES = 2


def promised(rows: pa.Table, metrics: dict[str, Any]) -> list[Figure]:
    """The AUC that tonight's PDs promise, by segment.

    Args:
        rows: People with `pd` and `segment`.
        metrics: Of the model, as in its metadata: what it reached when it was trained.
    """
    figures = []
    pd = rows["pd"].to_numpy()
    for segment, mask in segments(rows):
        own = metrics if segment == ALL else metrics.get("segments", {}).get(segment, {})
        figures.append(Figure("estimated_auc", "pd", expected_auc(pd[mask]), int(mask.sum()),
                              segment, "model" if "auc" in own else "", own.get("auc")))
    return figures


def mean_pds(rows: pa.Table, before: pa.Table | None, against: str) -> list[Figure]:
    """The mean PD by segment beside that of an earlier night.

    Args:
        rows: People with `pd` and `segment`.
        before: The same of the earlier night, or None.
        against: Its name.
    """
    pd, earlier = rows["pd"].to_numpy(), {}
    if before is not None:
        then = before["pd"].to_numpy()
        earlier = {segment: float(then[mask].mean()) for segment, mask in segments(before)}
    return [Figure("mean_pd", "pd", float(pd[mask].mean()), int(mask.sum()), segment,
                   against if segment in earlier else "", earlier.get(segment))
            for segment, mask in segments(rows)]


def realised(vintage: str, rows: pa.Table) -> list[Figure]:
    """Calibration of a night's PDs by the outcomes since, and how well they told bad from good.

    Args:
        vintage: The night's date.
        rows: Its people whose outcome is known: `pd`, `segment`, `is_default`.
    """
    figures = []
    pd, labels = rows["pd"].to_numpy(), outcomes(rows)
    for segment, mask in segments(rows):
        found = backtest(pd[mask], labels[mask])
        if found is not None:
            figures.append(Figure(
                "calibration_ratio", vintage, found.ratio, int(mask.sum()), segment, "mean_pd",
                found.expected / int(mask.sum()), found.low, found.high))
        if min(int(labels[mask].sum()), int((~labels[mask]).sum())) >= _FEWEST_CASES:
            metrics = evaluate(pd[mask], labels[mask])
            figures += [Figure(
                f"realised_{name}", vintage, metrics[name], int(mask.sum()), segment,
                "promised" if name == "auc" else "",
                expected_auc(pd[mask]) if name == "auc" else None,
                metrics[f"{name}_low"], metrics[f"{name}_high"]) for name in REALISED]
    return figures


def learned(vintages: list[dict[str, Any]]) -> list[Figure]:
    """Calibration by observation date of the rows a model learned from, out of fold.

    Args:
        vintages: Of the model's metadata: `observed_on`, `rows`, `bads`, `expected`.
    """
    figures = []
    for row in vintages:
        if found := of_counts(row["bads"], row["expected"]):
            figures.append(Figure("calibration_ratio", row["observed_on"], found.ratio,
                                  row["rows"], against="out_of_fold", low=found.low,
                                  high=found.high, reference=found.expected / row["rows"]))
    return figures


def outcomes(rows: pa.Table) -> Labels:
    """`is_default` as booleans, shape (rows,)."""
    labels: Labels = rows["is_default"].to_numpy().astype(bool)
    return labels


def segments(rows: pa.Table) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Everyone, then each segment that has anyone: name and mask."""
    of: npt.NDArray[np.str_] = np.asarray(rows["segment"].to_numpy(), dtype=str)
    if len(of):
        yield ALL, np.ones(len(of), dtype=bool)
    for name in np.unique(of):
        yield str(name), of == name
