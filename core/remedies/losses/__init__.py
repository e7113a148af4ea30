"""Losses: Change what the learner is told about its mistakes."""
