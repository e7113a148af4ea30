"""Decision: Choose where a probability becomes a yes."""
