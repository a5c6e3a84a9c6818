"""Every SELECT, each a named function whose first argument is the connection."""
