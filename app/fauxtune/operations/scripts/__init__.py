"""Scripts: which of them reach a device, when its agent runs them, and what it reports."""
