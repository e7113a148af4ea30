"""Evaluation: recipes scored out of fold, paired with the baseline."""
