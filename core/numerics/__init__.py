"""Numerics: pure array functions; arrays in, arrays out."""
