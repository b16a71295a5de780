"""What the monitoring of a night finds: one table of figures, and the distributions it keeps."""

from __future__ import annotations

from jobs.contracts.night import AS_OF_DATE, RISK
from jobs.contracts.table import Field, Table

OK, WARNING, STOP, UNJUDGED = "ok", "warning", "stop", "unjudged"
#: Worst first.
STATUSES = (STOP, WARNING, OK, UNJUDGED)
#: Segment of a figure about everyone.
ALL = "all"

#: metric -> what its value is. A policy may set limits for those in `jobs/policies/monitoring.py`.
METRICS: dict[str, str] = {
    "psi": "Stability index of the PD against an earlier night, both by tonight's model.",
    "psi_others": "Stability index of what another model foretells, where it is the same by then.",
    "csi": "Stability index of a feature against an earlier night.",
    "psi_training": "Stability index of the PD against the rows the model learned from.",
    "csi_training": "Stability index of a feature against the rows the model learned from.",
    "mean_pd": "Mean PD; reference: that of the earlier night.",
    "estimated_auc": "AUC that the PDs promise without outcomes; reference: the model's own.",
    "realised_auc": "AUC by the outcomes since; reference: what the same PDs had promised.",
    "realised_gini": "Gini coefficient by the outcomes since.",
    "realised_ks": "Largest distance of the cumulated shares of bads and goods, by the outcomes.",
    "realised_h_measure": "H-measure (Hand 2009) by the outcomes since.",
    "realised_ece": "Expected calibration error by the outcomes since.",
    "calibration_ratio": "Observed over expected defaults of a vintage; reference: its mean PD.",
    "roll_rate": "Share of the loans of a state at a month's end that are in another at the next.",
    "roll_to_arrears_rate": "Share of current loans that are past due a month later.",
    "invited_share": "Share of the invited who are of the group; reference: of the considered.",
    "selection_ratio": "Share of the group's considered who are invited; reference: earlier night.",
    "adverse_impact_ratio": "The group's selection ratio over the highest group's.",
    "group_mean_pd": "Mean PD of the group.",
    "false_positive_ratio": "Share of the group's good payers above the PD cut-off.",
    "false_negative_ratio": "Share of the group's defaulters at or below the PD cut-off.",
}
#: Metrics of single features: hundreds of rows each.
FEATURE_METRICS = ("csi", "csi_training")


def _number(name: str, meaning: str) -> Field:
    return Field(name, "double", "as the metric", meaning, nullable=True)


MONITORING = Table(
    name="monitoring", meaning="Whether the models still see the world they were made for.",
    grain="one figure a night", key=("metric", "segment", "subject", "against"), owner=RISK,
    source="scores, feature_matrix, decisions, labels, loan_days, earlier nights, policy",
    partition="run",
    fields=(
        AS_OF_DATE,
        Field("model_name", "string", "name", "The model that the night scored with."),
        Field("model_version", "string", "version", "Its version."),
        Field("metric", "string", "name", "What was measured.", allowed=tuple(METRICS)),
        Field("segment", "string", "code", "all, a segment of feature_matrix, or a lender."),
        Field("subject", "string", "name", "The feature, vintage, group or transition."),
        Field("against", "string", "name", "What the reference is: an earlier night's date, "
              "training, model, a group; empty where there is none."),
        _number("value", "The figure; missing where there was nothing to measure it by."),
        _number("reference", "What it is held against."),
        _number("low", "Lower end of the value's 95 % interval."),
        _number("high", "Upper end of the value's 95 % interval."),
        Field("p_value", "double", "probability", "Probability of such a value where nothing "
              "moved.", True, 0.0, 1.0),
        _number("null_threshold", "What a stability index exceeds at the policy's false-alarm rate "
                "where nothing moved."),
        _number("warning_threshold", "From beyond it on the policy wants to be told."),
        _number("stop_threshold", "From beyond it on the policy wants no release."),
        Field("status", "string", "code", "By the policy; unjudged: it sets no limit, or there is "
              "no value.", allowed=STATUSES),
        Field("legacy_status", "string", "code", "Of a stability index by the rule of thumb of "
              "0.10 and 0.25.", True, allowed=(OK, WARNING, STOP)),
        Field("n", "integer", "rows", "People or loans behind the value.", minimum=0),
    ))

HISTOGRAMS = Table(
    name="histograms", meaning="Distributions of a night, for later nights to be held against.",
    grain="one column and segment", key=("segment", "subject"), owner=RISK,
    source="feature_matrix, decisions", partition="run",
    fields=(
        Field("segment", "string", "code", "all, or a segment of feature_matrix."),
        Field("subject", "string", "name", "pd, or a feature."),
        Field("histogram", "string", "JSON", "Edges, counts and missing rows (see "
              "models/stability.py)."),
    ))
