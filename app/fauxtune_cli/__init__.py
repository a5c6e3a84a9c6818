"""The command line: parses arguments, then makes one call."""
