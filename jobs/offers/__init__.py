"""From eligibility to the offers of the night."""
