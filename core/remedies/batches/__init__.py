"""Batches: Change which rows a step of training sees together."""
