"""Graph's names for the states of certificates and settings on devices."""
