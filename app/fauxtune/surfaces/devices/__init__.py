"""The endpoints of devices: one package for each platform. They never import one another."""
