"""Sampling: Change which rows the learner sees."""
