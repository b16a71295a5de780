"""Outcomes to learn from, as known on a date."""
