"""Models: what they take, how they are trained, calibrated, judged, kept and applied.

A model is text and metadata (`registry.py`), never a pickle. Nothing here needs an engine: the
jobs in `jobs/scores/` bring the rows, in Arrow batches.
"""
