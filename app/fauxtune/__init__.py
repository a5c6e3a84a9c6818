"""Fauxtune: an Intune-compatible device-management emulator.

The cli starts the server; the server mounts the surfaces; surfaces translate wires; operations decide and change; the
connector holds the keys; storage remembers; the core knows the rules and touches nothing.
"""

__version__ = "0.2.0"
