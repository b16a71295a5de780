"""A model in a reader's words: what it is for, what it learned from, how good it is.

Sections after Mitchell et al., Model cards for model reporting (2019). Everything on a card stands
in the model's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What each model is for.
PURPOSES = {
    "pd": "Probability of default for the nightly whitelist: who may be invited to a loan. It "
          "ranks and prices invitations that a person may ignore; it is not made for refusing an "
          "application.",
    "income": "Income a month, for people whose salary is not seen. It bounds a limit; it proves "
              "no income.",
    "response": "Probability that an invitation is taken, at the reference terms and, by its "
                "terms, at any other. It finds the limit and rate of an offer; it is no measure "
                "of risk.",
    "draw": "Share of the limit that is drawn by those who take an invitation. It plans the money "
            "to lend; it is no measure of risk.",
    "lgd": "Share of the balance at default that is not recovered. It goes into what an offer is "
           "expected to earn."}
#: Metrics that a card and a comparison show, in their order.
_METRICS = {"auc": "AUC", "gini": "Gini", "ks": "KS", "h_measure": "H-measure",
            "ece": "Expected calibration error", "brier": "Brier score",
            "mae": "Mean absolute error", "r2": "R²", "rank_correlation": "Rank correlation",
            "mean_ratio": "Mean foretold over observed"}
#: The one metric of a list, in a short word.
_HEADLINE = {"binary": ("auc", "AUC"), "fraction": ("rank_correlation", "rank"),
             "amount": ("rank_correlation", "rank")}
_SIGNS = {1: "rise", 0: "move either way", -1: "fall"}


def figures(known: Mapping[str, Any]) -> dict[str, str]:
    """The figures by which versions of a model are compared: name -> value as text."""
    return {"Rows": f"{known['rows']:,}", "Judged": _judged(known["split"]),
            **_values(known["metrics"])}


def headline(known: Mapping[str, Any]) -> str:
    """The one figure that a list shows, with its interval, in few characters."""
    name, said = _HEADLINE[known["objective"]]
    value, low, high = (f"{known['metrics'][name + end]:.3f}" for end in ("", "_low", "_high"))
    return f"{said} {value} ({low} to {high})"


def card(version: str, known: Mapping[str, Any]) -> str:
    """The card of a version, as Markdown, from its metadata."""
    parts = [[f"# Model {known['name']}, version {version}", "",
              PURPOSES.get(known["name"], known["target"]) + " It takes no age, gender or marital "
              "status."],
             _learned(known), _quality(known), _calibration(known), _terms(known["terms"]),
             _scale(known), _features(known), _trees(known)]
    return "\n".join(line for part in parts if part for line in [*part, ""])


def _learned(known: Mapping[str, Any]) -> list[str]:
    bads = (f", {known['bads']:,} of them true in {known['target']} "
            f"({known['bads'] / known['rows']:.1%})" if known["objective"] == "binary" else "")
    weight = known["weights"]["effective_sample_size"]
    return [
        "## Learned from", "",
        f"- {known['rows']:,} rows of {known['people']:,} people with a known {known['target']}"
        f"{bads}.",
        f"- Weighted, they tell as much as {weight:,.0f} rows of equal weight.",
        *([f"- Only people of the segment {known['segment']}: it scores nobody else."]
          if "segment" in known else []),
        f"- Features as known from {known['observed_from']} to {known['observed_to']}, outcomes "
        f"as known on {known['as_of_date']}.",
        f"- {len(known['left_out']):,} features of the recipe told nothing in these rows and were "
        "left out.",
        f"- Data sha256 `{known['data_sha256']}`, seed {known['seed']}, code "
        f"{known['code_version']}, LightGBM {known['lightgbm_version']}."]


def _quality(known: Mapping[str, Any]) -> list[str]:
    metrics, challenger = known["metrics"], known.get("challenger")
    columns = {"all": metrics, **({"scorecard": challenger} if challenger else {}),
               **metrics["segments"]}
    values = {name: _values(one) for name, one in columns.items()}
    said = {"all": "everyone", "scorecard": "scorecard, everyone"}
    rows = [[metric, *(values[name].get(metric, "") for name in columns)]
            for metric in values["all"]]
    return [
        "## How good", "", f"Judged {_judged(known['split'])}; each person is whole in one fold. "
        "In brackets the 95 % interval.", "",
        *_table(["metric", *(said.get(name, name) for name in columns)], rows), "",
        *(["The scorecard is a logistic regression on weights of evidence, in the same folds.", ""]
          if challenger else []),
        "Not measured: other years, other lenders' customers, people like those never lent to."]


def _judged(split: Mapping[str, Any]) -> str:
    if split["headline"] == "out_of_fold":
        return "out of fold"
    people = "people it had not seen" if split["people"] == "not_seen" else "everyone"
    return f"out of time, on {people} of {split['judged_on']}"


def _values(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Metric -> value with its interval, in the order of _METRICS."""
    return {said: f"{_digits(metrics[name])} ({_digits(metrics[f'{name}_low'])} to "
                  f"{_digits(metrics[f'{name}_high'])})"
            for name, said in _METRICS.items() if name in metrics}


def _digits(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.0f}"


def _calibration(known: Mapping[str, Any]) -> list[str]:
    fitted = known["calibration"]
    unit = "logarithm of the amount" if known["objective"] == "amount" else "log-odds"
    lines = [[name, f"{one['slope']:.4f}", f"{one['intercept']:.4f}"]
             for name, one in {"everyone else" if fitted["segments"] else "everyone":
                               fitted["all"], **fitted["segments"]}.items()]
    groups = [[_digits(part["expected"]), _digits(part["observed"]), f"{part['rows']:,}"]
              for part in known["metrics"]["reliability"]]
    return ["## Calibration", "", f"Calibrated {unit} = slope × margin of the trees + intercept.",
            "", *_table(["segment", "slope", "intercept"], lines), "",
            "Tenths of the rows judged, lowest first:", "",
            *_table(["expected", "observed", "rows"], groups)]


def _terms(terms: Mapping[str, Any]) -> list[str]:
    if not terms:
        return []
    limit, rate = terms["reference_limit_minor"] // 100, terms["reference_rate_annual"]
    effects = {"limit": f"log-odds for each unit of ln(limit / {limit:,})",
               "rate": f"log-odds for each unit of (rate a year - {rate:g})"}
    return ["## Terms of the offer", "", f"Scores are those of an offer of {limit:,} at "
            f"{rate:.0%} a year. Other terms add, for everyone alike:", "",
            *_table(["term", "adds", "coefficient"],
                    [[name, effects[name], f"{value:.4f}"]
                     for name, value in sorted(terms["coefficients"].items())])]


def _scale(known: Mapping[str, Any]) -> list[str]:
    scale = known["scale"]
    if known["name"] != "pd":
        return []
    return ["## Scale", "", f"{scale['anchor_points']} points are odds of {scale['anchor_odds']} "
            f"good to 1 bad; {scale['points_to_double_odds']} points double the odds."]


def _features(known: Mapping[str, Any]) -> list[str]:
    return ["## Features", "",
            "The sign says how the score may move when the feature rises and all else stays: it "
            "never moves the other way. A fingerprint is a hash of what the feature means.", "",
            *_table(["feature", "score may only", "reason code", "fingerprint"],
                    [[one["name"], _SIGNS[one["monotone"]], one["reason_code"],
                      one.get("fingerprint", "")] for one in known["features"]])]


def _trees(known: Mapping[str, Any]) -> list[str]:
    parameters = ", ".join(f"{key} = {value}" for key, value in
                           sorted(known["parameters"].items()))
    return ["## Trees", "", f"LightGBM, {known['best_rounds']} trees of at most "
            f"{known['most_rounds']:,}, found by {known['folds']} folds: {parameters}."]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows)]
