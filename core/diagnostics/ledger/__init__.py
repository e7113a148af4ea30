"""Ledger: Where do the missed rows of the class go?"""
