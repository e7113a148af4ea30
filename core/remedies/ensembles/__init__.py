"""Ensembles: Let several models each see a balanced part of the rows."""
