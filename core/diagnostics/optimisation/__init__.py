"""Optimisation: what does training do to the rare classes?"""
