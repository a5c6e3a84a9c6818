"""A name as one word of a command line, for POSIX shells (2.2 "Quoting") and PowerShell (`about_Quoting_Rules`)."""

from __future__ import annotations

import re
import shlex

_HARMLESS = re.compile(r"[\w '.,:@+-]+")


def quoted(text: str) -> str:
    """Return a name as one word of a command line that can be pasted into any shell. Quotation marks, in which shells
    replace something, are around harmless names only.
    """
    return f'"{text}"' if _HARMLESS.fullmatch(text) and shlex.quote(text) != text else shlex.quote(text)
