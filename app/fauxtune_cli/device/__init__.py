"""Commands that show devices, what happened, and why something is missing there."""
