"""Contracts: what every data set is, declared once.

From a contract follow the Spark and Arrow schema (`table.py`), the baseline expectation suite
(`expectations/suites.py`) and the README's data dictionary (`dictionary.py`).

`feeds.py` what is delivered, `night.py` what a night computes, `release.py` what is published.
"""
