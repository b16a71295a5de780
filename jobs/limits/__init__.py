"""Pre-approved limits and rates."""
