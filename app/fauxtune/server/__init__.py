"""The only wiring: builds the emulator, mounts the surfaces, listens. The one place that reads the system's clock."""


class StartRefused(Exception):
    """The server does not start; the message says why, and what to do."""


class Superseded(StartRefused):
    """The server ends: a newer version of the program needs the database, which it changes."""
