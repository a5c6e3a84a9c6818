"""From who is in which group to what a device must do next: pure functions."""
