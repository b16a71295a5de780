"""People by group: approval mix, selection rates, adverse impact and error rates.

Sources: decisions and feature_matrix of a night; where the policy names gender, bound_cards. Groups
are age bands, thick and thin files, and gender only where the policy says that its use is lawful.
A region of a person is in no feed, so there is none here. People under 18, or of unknown age, are
in no age band: they may not be invited at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.contracts.monitoring import ALL
from jobs.monitor.figures import Figure
from models.calibration import Labels
from models.fairness import adverse_impact, error_counts, wilson

#: First age in years of each band.
AGE_BANDS: tuple[tuple[int, str], ...] = (
    (18, "18-24"), (25, "25-34"), (35, "35-44"), (45, "45-54"), (55, "55+"))
#: Groups of fewer people have no adverse impact ratio.
FEWEST = 30
_NAMES = np.array(["", *(name for _, name in AGE_BANDS)])


def people(folder: Path, genders: pa.Table | None = None,
           only: pa.ChunkedArray | None = None) -> pa.Table:
    """Everyone considered by a night, in order of user_id.

    Args:
        folder: Of the night's run.
        genders: `user_id`, `gender`; None where gender is not looked at.
        only: Leave everyone out who is not among these ids.

    Returns:
        `user_id`, `pd`, `is_invited`, `segment`, `age_band` and, where asked, `gender`; an empty
        text where a group is not known.
    """
    decided = pq.read_table(folder / "decisions", partitioning=None,
                            columns=["user_id", "pd", "is_invited", "segment"])
    if only is not None:
        decided = decided.filter(pc.is_in(decided["user_id"], only))
    ages = pq.read_table(folder / "feature_matrix", columns=["user_id", "age_years"],
                         partitioning=None)
    rows = decided.join(ages, "user_id", join_type="inner")
    if genders is not None:
        rows = rows.join(genders, "user_id", join_type="left outer")
        rows = rows.set_column(rows.schema.get_field_index("gender"), "gender",
                               rows["gender"].fill_null(""))
    rows = rows.sort_by("user_id")
    years = rows["age_years"].fill_null(0).to_numpy()
    place = np.searchsorted([first for first, _ in AGE_BANDS], years, side="right")
    return rows.drop_columns("age_years").append_column("age_band", pa.array(_NAMES[place]))


def mix(rows: pa.Table, groups: Sequence[str], before: pa.Table | None, against: str
        ) -> list[Figure]:
    """Approval mix and fairness of a night: who is considered, who is invited, at which PD.

    Args:
        rows: As `people` gives them.
        groups: Columns of theirs to look at.
        before: The same of an earlier night, or None.
        against: Its name.
    """
    invited = rows["is_invited"].to_numpy()
    pd = rows["pd"].to_numpy()
    figures = [_selection(ALL, int(invited.sum()), len(invited), _rate(before, ALL, None), against)]
    for group in groups:
        of = _column(rows, group)
        names = [str(name) for name in np.unique(of) if name]
        count = {name: int((of == name).sum()) for name in names}
        chosen = {name: int((invited & (of == name)).sum()) for name in names}
        impact = adverse_impact(chosen, count, FEWEST)
        for name in names:
            subject = f"{group}={name}"
            figures += [
                Figure("invited_share", subject, chosen[name] / max(1, sum(chosen.values())),
                       sum(chosen.values()), against="considered",
                       reference=count[name] / sum(count.values())),
                _selection(subject, chosen[name], count[name], _rate(before, name, group), against),
                Figure("group_mean_pd", subject, float(pd[of == name].mean()), count[name])]
            if name in impact and count[name] >= FEWEST:
                found = impact[name]
                figures.append(Figure(
                    "adverse_impact_ratio", subject, found.ratio, count[name],
                    against=f"{group}={found.against}", low=found.low, high=found.high))
    return figures


def errors(refused: Labels, labels: Labels, rows: pa.Table, groups: Sequence[str]) -> list[Figure]:
    """Error rates at the policy's PD cut-off, of people whose outcome is known by now.

    Args:
        refused: True where the PD was above the cut-off.
        labels: True where the loan defaulted.
        rows: The same people, with the groups' columns.
        groups: Columns of theirs to look at.
    """
    figures = []
    for group in ("", *groups):
        of = _column(rows, group) if group else np.full(len(labels), ALL)
        for name, rates in error_counts(refused, labels, of).items():
            for metric, (hits, count) in rates.items():
                if name and count:
                    low, high = wilson(hits, count)
                    figures.append(Figure(metric, f"{group}={name}" if group else ALL,
                                          hits / count, count, low=low, high=high))
    return figures


def _selection(subject: str, chosen: int, count: int, before: float | None,
               against: str) -> Figure:
    low, high = wilson(chosen, count) if count else (None, None)
    return Figure("selection_ratio", subject, chosen / count if count else None, count,
                  against=against if before is not None else "", reference=before, low=low,
                  high=high)


def _rate(rows: pa.Table | None, name: str, group: str | None) -> float | None:
    """Share invited of a group of an earlier night; None where it had none."""
    if rows is None:
        return None
    invited = rows["is_invited"].to_numpy()
    own = invited if group is None else invited[_column(rows, group) == name]
    return float(own.mean()) if len(own) else None


def _column(rows: pa.Table, name: str) -> npt.NDArray[np.str_]:
    return np.asarray(rows[name].to_numpy(), dtype=str)
