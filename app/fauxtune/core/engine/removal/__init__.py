"""What is removed from a device and revoked at the CA when it loses an item: a table and its lookup."""
