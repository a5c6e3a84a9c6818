"""What an application may do in a user's name: the delegated permissions that were asked for and consented to.

Source: Entra ID "scopes and permissions in the Microsoft identity platform". `.default` stands for all that has been
consented to. Differs from Entra ID: a token holds exactly what was asked for, and nothing else that was consented to.
"""

from __future__ import annotations

from collections.abc import Sequence

#: In place of names: whatever is asked for has been consented to.
EVERYTHING = "*"
DEFAULT = ".default"


def granted(asked: Sequence[str], *, consented: Sequence[str], configured: Sequence[str]) -> tuple[str, ...]:
    """The permissions that a token gets for those that were asked for, all in Graph's spelling; empty when one of them
    has not been consented to. `configured`: what the application is registered with, which is what `.default` means
    where everything has been consented to.
    """
    if DEFAULT in asked:
        return tuple(configured if EVERYTHING in consented else consented)
    if EVERYTHING in consented or set(asked) <= set(consented):
        return tuple(dict.fromkeys(asked))
    return ()
