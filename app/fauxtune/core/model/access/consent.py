"""The delegated permissions of an application: those that were requested and consented to.

Source: Entra ID "scopes and permissions in the Microsoft identity platform". `.default` stands for all that has been
consented to. Differs from Entra ID: a token holds exactly the requested permissions, and no others that were consented
to.
"""

from __future__ import annotations

from collections.abc import Sequence

#: In place of names: every permission has been consented to.
EVERYTHING = "*"
DEFAULT = ".default"


def granted(requested: Sequence[str], *, consented: Sequence[str], configured: Sequence[str]) -> tuple[str, ...]:
    """The permissions that a token gets for the requested ones, all in Graph's spelling; empty if one of them has not
    been consented to. `configured`: those of the application's registration, which `.default` stands for if everything
    has been consented to.
    """
    if DEFAULT in requested:
        return tuple(configured if EVERYTHING in consented else consented)
    if EVERYTHING in consented or set(requested) <= set(consented):
        return tuple(dict.fromkeys(requested))
    return ()
