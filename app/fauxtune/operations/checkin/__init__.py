"""Check-ins: planning a device, the connector's work for it, and what is delivered."""
