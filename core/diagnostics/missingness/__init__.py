"""Missingness: Where are the gaps, and do they mean something?"""
