"""Reading: from the bytes of a file to a typed table, and what was done on the way."""
