"""Whether devices comply: when they are judged, by what, and what follows from it."""
