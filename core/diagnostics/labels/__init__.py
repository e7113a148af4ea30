"""Labels: Can the labels be trusted?"""
