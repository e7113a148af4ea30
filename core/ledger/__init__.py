"""The ledger: where the missed rows of a class go, and what would win them back."""
