"""Leakage: Does a column give the answer away?"""
