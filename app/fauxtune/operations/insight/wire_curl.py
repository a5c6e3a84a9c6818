"""A recorded request as a command of curl, for a POSIX shell (POSIX 2.2.2: single quotes).

Credentials are not in it: the header Authorization has $TOKEN, which `fauxtune env --for curl` sets, and other masked
values stand as they are shown. The caller chose the host: a token is sent to this server only. Brackets and braces of
the address are no patterns (curl: URL globbing).
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fauxtune.operations.insight.wire_exchanges import WholeExchange

_PATTERN = re.compile(r"[\[\]{}]")
#: Headers that curl or the connection writes.
_LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent", "expect"}


def as_curl(whole: WholeExchange) -> str:
    """Return the command. A body without text is read from a file that the reader must provide."""
    literal = " -g" if _PATTERN.search(whole.address) else ""
    parts = [f"curl -sS{literal} -X {shlex.quote(whole.exchange.method)} {_quoted(whole.address)}"]
    for name, value in whole.request.headers:
        if name.lower() == "authorization" and whole.is_ours:
            scheme = value.partition(" ")[0]
            parts.append(f'-H "Authorization: {scheme if scheme.isalpha() else "Bearer"} $TOKEN"')
        elif name.lower() not in _LEFT_OUT:
            parts.append(f"-H {_quoted(f'{name}: {value}')}")
    if whole.request.length:
        text = whole.request.text
        parts.append(f"--data-raw {_quoted(text)}" if text else "--data-binary @body.bin")
    return " \\\n  ".join(parts)


def _quoted(text: str) -> str:
    """The text in single quotes, without characters that a terminal would obey."""
    return shlex.quote(
        "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
    )
