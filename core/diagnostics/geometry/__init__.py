"""Geometry: Do the classes lie apart, or on top of each other?"""
