"""Devices that a server or a test keeps in a child process or in its own."""
