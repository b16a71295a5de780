"""Adapters: real files become landing feeds; each names its source and what it translates."""
