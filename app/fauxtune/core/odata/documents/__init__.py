"""JSON documents: validated when a client writes, shown when a client reads."""
