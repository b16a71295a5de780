"""A model in a reader's words: what it is for, what it learned from, how good it is.

Sections after Mitchell et al., Model cards for model reporting (2019). Everything on a card stands
in the model's metadata.
"""

from __future__ import annotations

from typing import Any

_SIGNS = {1: "rise", 0: "move either way", -1: "fall"}


def figures(metadata: dict[str, Any]) -> dict[str, str]:
    """The figures by which versions of a model are compared: name -> value as text."""
    metrics = metadata["metrics"]
    return {"rows": f"{metadata['rows']:,}",
            "AUC": f"{metrics['auc']:.4f} ({metrics['auc_low']:.4f} to {metrics['auc_high']:.4f})",
            **{said: f"{metrics[name]:.4f}" for name, said in _FIGURES.items()}}


def headline(metadata: dict[str, Any]) -> str:
    """The one figure of a list."""
    return f"AUC {figures(metadata)['AUC']}"


_FIGURES = {"gini": "Gini", "ks": "KS", "ece": "expected calibration error", "brier": "Brier score"}


def card(version: str, known: dict[str, Any]) -> str:
    """The card of a version, as Markdown, from its metadata."""
    metrics, scale = known["metrics"], known["scale"]
    lines = [
        f"# Model {known['name']}, version {version}", "",
        "Probability of default for the nightly whitelist: who may be invited to a loan. It ranks "
        "and prices invitations that a person may ignore; it is not made for refusing an "
        "application. It takes no age, gender or marital status.", "",
        "## Learned from", "",
        f"- {known['rows']:,} rows of {known['people']:,} people, {known['bads']:,} of them "
        f"defaulted ({known['bads'] / known['rows']:.1%}).",
        f"- Features as known from {known['observed_from']} to {known['observed_to']}, outcomes "
        f"as known on {known['as_of_date']}.",
        f"- Data sha256 `{known['data_sha256']}`, seed {known['seed']}, code "
        f"{known['code_version']}, LightGBM {known['lightgbm_version']}.", "",
        "## How good", "",
        f"Out of fold: {known['folds']} folds, each person whole in one of them, margins "
        "calibrated by Platt scaling.", "",
        "| metric | value |", "| --- | --- |",
        f"| AUC | {metrics['auc']:.4f} (95 %: {metrics['auc_low']:.4f} to "
        f"{metrics['auc_high']:.4f}) |",
        f"| Gini | {metrics['gini']:.4f} |", f"| KS | {metrics['ks']:.4f} |",
        f"| Expected calibration error | {metrics['ece']:.4f} |",
        f"| Brier score | {metrics['brier']:.4f} |", "",
        "Parameters were chosen on data like these, and ECE and Brier score are taken on the rows "
        "that the calibration was fitted on: new data will do a little worse.", "",
        "Not measured: other years, other lenders' customers, people like those never lent to.",
        "",
        "## Scale", "",
        f"{scale['anchor_points']} points are odds of {scale['anchor_odds']} good to 1 bad; "
        f"{scale['points_to_double_odds']} points double the odds.", "",
        "## Features", "",
        "The sign says how the PD may move when the feature rises and all else stays: it never "
        "moves the other way.", "",
        "| feature | PD may only | reason code |", "| --- | --- | --- |",
        *(f"| {feature['name']} | {_SIGNS[feature['monotone']]} | {feature['reason_code']} |"
          for feature in known["features"]),
        "", "## Trees", "",
        f"LightGBM, {known['rounds']} trees: "
        + ", ".join(f"{key} = {value}" for key, value in sorted(known["parameters"].items()))
        + ".", ""]
    return "\n".join(lines)
