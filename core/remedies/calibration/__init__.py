"""Calibration: Make the probabilities true."""
