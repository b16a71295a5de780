"""Nightlist's jobs: one module a job, from landing feeds to the published whitelist."""
