"""Where devices call: one folder a platform. They never import one another."""
