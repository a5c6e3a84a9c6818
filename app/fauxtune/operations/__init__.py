"""What people and devices do: one function is one complete act, in one transaction."""
