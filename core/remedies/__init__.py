"""Remedies: functions from an unfitted classifier to an unfitted classifier, one file each."""
