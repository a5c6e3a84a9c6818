"""The control API below `/_fauxtune/v1`: what the real service has no interface for, and what tests control."""
