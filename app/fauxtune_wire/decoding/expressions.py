"""Secrets in the expressions of OData: `password eq 'x'`. OData URL Conventions 4.01, 5.1.1.

An expression need not be valid: the server refuses many, and repeats them in the reason.
"""

from __future__ import annotations

import re

from fauxtune.core.formats.secret_names import not_shown, secret_kind

#: Options of a query whose values are expressions, without their $.
OPTIONS = frozenset({"filter", "expand", "apply", "compute", "search", "orderby", "select", "having"})

_BLANK = r"(?:\s|\+|%(?:25)*(?:20|09|0[ad]))"
_COMPARISON = re.compile(
    rf"(?:{_BLANK}|[^\w\s'\"])(?:(?:eq|ne|g[te]|l[te]){_BLANK}|in{_BLANK}*(?:\(|%28))"
    r"|(?:startswith|endswith|contains|substringof|indexof|matchespattern|concat)(?:\(|%28)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[\w.$-]+")
#: What opens a text in an expression, or an expression in a sentence.
_QUOTE = re.compile("[\"'\N{LEFT DOUBLE QUOTATION MARK}]|%2[27]")
_PIECE = re.compile(
    r"(?P<text>'(?:[^']|'')*'?|\"[^\"]*\"?)|(?P<word>\d[\w:.+-]*|[^\s'\"(),;:/=&]+)|(?P<mark>.)", re.DOTALL
)
#: Neither a number, nor anything else that is no property, function or operator.
_IDENTIFIER = re.compile(r"[$@]?[A-Za-z_][A-Za-z_.]*")
_OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "has", "in"})
_CONSTANTS = frozenset({"true", "false", "null"})


def mask_expression(text: str) -> str:
    """Return an expression; if it names a secret, without any value that something is compared with."""
    pieces = list(_PIECE.finditer(text))
    kind = next((kind for piece in pieces if piece["word"] and (kind := secret_kind(piece["word"]))), None)
    if kind is None:
        return text
    masked, hidden, before = [], f"'{not_shown(kind)}'", ""
    for piece in pieces:
        word = piece["word"]
        if word is None:
            masked.append(piece[0] if piece["mark"] else hidden)
            before = before if piece[0].isspace() or (piece[0] in "(," and before == "in") else ""
            continue
        lower = word.lower()
        is_value = before in _OPERATORS and lower not in _CONSTANTS
        masked.append(hidden if is_value or not _IDENTIFIER.fullmatch(word) else word)
        before = before if is_value and before == "in" else lower
    return "".join(masked)


def up_to_comparison(text: str) -> str:
    """Return a text up to the first place where a secret may be compared with a value."""
    if _COMPARISON.search(text) is None:
        return text
    for name in _NAME.finditer(text):
        kind = secret_kind(name[0])
        if kind is not None:
            quote = _QUOTE.search(text, 0, name.start())
            if quote is None:
                return f"{text[: name.end()]} {not_shown(kind)}"
            return text[: quote.start()] + not_shown(kind)
    return text
