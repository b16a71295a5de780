"""Product policies as effective-dated YAML: rules, tier matrix, funding. See `policy.py`."""
