"""Deliveries as far as waiting looks at them, and a policy's part that waits for some."""

import json

#: Nothing is mandatory but bound cards, for which no night waits.
SAID = {"logins": {"deadline": "24:30"}, "payments": {"deadline": "23:00"},
        "loan_days": {"deadline": "25:00", "max_age_days": 2},
        **{name: {"mandatory": False} for name in ("statements", "bureau_tradelines",
                                                   "loan_performance")}}


def put(home, feed, day, files=("a.csv",), manifest=None):
    """A delivery as far as waiting looks at it: the manifest and the files that it lists."""
    folder = home / "landing" / feed / day
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("rows")
    said = {"files": [{"name": name} for name in ("a.csv",)]}
    (folder / "_manifest.json").write_text(json.dumps(said) if manifest is None else manifest)
    return folder
