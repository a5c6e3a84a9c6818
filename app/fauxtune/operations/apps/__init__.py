"""Apps: what administrators publish, and which of them a device is to install or remove."""
