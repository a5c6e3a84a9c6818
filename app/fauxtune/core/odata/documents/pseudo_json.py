"""JSON with single quotes, as public PowerShell scripts send it, converted to JSON.

Not standard: the real service accepts `{'assignments':[...]}`, and so do the actions here that allow it.
"""

from __future__ import annotations

import json
import re

_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def double_quoted(text: str) -> str:
    """Put single-quoted strings into double quotes; text in double quotes stays as it is."""
    return _TEXT.sub(lambda match: match[0] if match[1] is None else _string(match[1]), text)


def _string(inner: str) -> str:
    # \u1234 stays an escape; \' and the others are replaced by their characters.
    plain = _ESCAPE.sub(lambda match: match[0] if match[1] == "u" else _CONTROLS.get(match[1], match[1]), inner)
    return json.dumps(plain).replace("\\\\u", "\\u")
