"""Commands that run the server, and that tell other programs where it is and how to trust it."""
