"""Explanation: What does the model look at?"""
