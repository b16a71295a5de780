"""Monitoring: stability, calibration of vintages, roll rates, approval mix and fairness."""
