"""Profile: What is in the table, and how are the classes spread?"""
