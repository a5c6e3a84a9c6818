"""Why a start is refused: a sentence for the person who typed the command."""

from __future__ import annotations


class StartRefused(Exception):
    """The server does not start; the message says why and what to do."""
