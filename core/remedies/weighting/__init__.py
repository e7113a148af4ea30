"""Weighting: Change how much each row counts."""
