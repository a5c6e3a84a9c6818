"""Every way in. Surfaces translate wires and never decide; they never import one another."""
