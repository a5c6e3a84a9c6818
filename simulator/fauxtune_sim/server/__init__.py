"""What is asked from a server besides the protocols of the platforms: transport, control surface, discovery."""
