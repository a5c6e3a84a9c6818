"""Graph's words for the states of certificates and settings on devices."""
