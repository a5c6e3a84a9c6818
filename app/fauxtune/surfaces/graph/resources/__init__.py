"""One file per resource: its handlers, and the permissions that they ask for."""
