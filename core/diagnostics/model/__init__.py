"""Evidence: Do the scores mean anything?"""
