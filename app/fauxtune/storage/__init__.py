"""The only code that says SQL."""
