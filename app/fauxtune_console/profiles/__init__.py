"""What pages and forms of profiles share: choices, settings, targets, and their words."""
