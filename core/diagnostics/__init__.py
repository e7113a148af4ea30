"""Diagnostics: functions from a study to a result, one file each."""
