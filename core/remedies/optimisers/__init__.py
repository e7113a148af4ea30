"""Optimisers: Change how a step of training is taken."""
