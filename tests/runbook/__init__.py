"""The runbook, rehearsed: each page is done as it says."""
