"""The tokens of delta queries: $skiptoken leads to the next page of a round, $deltatoken to the next round.

Opaque to clients (Graph: "Use delta query to track changes in Microsoft Graph data"). They contain what the first
request asked for, so that the others need not repeat it. Nothing in them is secret, or believed without a check. When
one is too old: `operations/directory/changes.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Any

from fauxtune.core.errors import Invalid

_LONGEST = 16_000


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """Where a client is. `epoch` and `seq`: the last change that it knows; `issued`: when, as text. `after`: the last
    object of the first round, None where the changes are read. `select` and `among`: the properties and the objects
    that the client asks for, None: all of them.
    """

    kind: str
    epoch: str
    seq: int
    issued: str
    after: tuple[str, str] | None = None
    is_first_round: bool = False
    select: tuple[str, ...] | None = None
    among: tuple[str, ...] | None = None

    def written(self) -> str:
        """Return the token as text."""
        text = json.dumps(asdict(self), separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_token(text: str, *, kind: str, option: str) -> DeltaToken:
    """Return a token that was given out for objects of this kind. Raises Invalid, with the option as target, for
    anything else.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        known = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        token = _token(known)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise _unknown(option) from None
    if token.kind != kind:
        raise _unknown(option)
    return token


def _token(known: dict[str, Any]) -> DeltaToken:
    after, select, among = known["after"], known["select"], known["among"]
    texts = [known["kind"], known["epoch"], known["issued"], *(after or ()), *(select or ()), *(among or ())]
    if not all(isinstance(text, str) for text in texts) or type(known["seq"]) is not int:
        raise ValueError
    if after is not None and len(after) != 2:
        raise ValueError
    return DeltaToken(
        known["kind"],
        known["epoch"],
        known["seq"],
        known["issued"],
        after=None if after is None else (after[0], after[1]),
        is_first_round=known["is_first_round"] is True,
        select=None if select is None else tuple(select),
        among=None if among is None else tuple(among),
    )


def _unknown(option: str) -> Invalid:
    return Invalid("Badly formed token: it is not one that this service gave out for this collection.", target=option)
