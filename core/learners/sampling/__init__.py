"""Samplers: they change which rows a learner sees, on tables with gaps, text and any number of classes."""
