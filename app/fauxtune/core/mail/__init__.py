"""Mail: the mail apps of devices and their rules. Pure."""
