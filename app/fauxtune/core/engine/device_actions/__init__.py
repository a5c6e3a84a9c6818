"""Which devices support which action, by edition."""
