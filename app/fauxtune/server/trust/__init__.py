"""What a server says of the root of its TLS to whoever has to trust it."""
