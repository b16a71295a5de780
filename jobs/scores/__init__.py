"""The PD model in the night: training on known outcomes, scoring everyone, reasons."""
