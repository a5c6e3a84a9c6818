"""Our own client of the token endpoint, Graph and the control surface: what the commands call. Knows the core only."""
