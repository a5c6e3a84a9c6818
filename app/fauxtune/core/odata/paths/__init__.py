"""Resource paths: segments, keys, and the table of routes."""
