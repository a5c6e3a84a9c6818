"""From group memberships to the plan of one device: pure functions."""
