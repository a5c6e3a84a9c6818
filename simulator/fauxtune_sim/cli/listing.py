"""The key store and the mail accounts of a device as a table of 80 columns.

Two lines for each certificate: source, use, key, end and name; then its subject and its issuer. Everything is
taken from the rows of the JSON (`KeyStore.listing`, `MailAccount.row`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fauxtune_sim.mail.smime_settings import describe_smime

Row = Mapping[str, Any]

WIDTH = 80
_INDENT = " " * 10


def listing_lines(certificates: Sequence[Row], accounts: Sequence[Row]) -> list[str]:
    """The lines of the table; none if there are neither certificates nor accounts."""
    lines = [_columns(("source", "for", "key", "until", "certificate"))] if certificates else []
    for row in certificates:
        key = "yes" if row["hasKey"] else "no"
        lines.append(_columns((row["source"], row["usage"] or "?", key, row["notAfter"][:10], row["thumbprint"][:8])))
        lines += _wrapped("; ".join(_details(row)))
    for row in accounts:
        words = f"{row['address']} at {row['host']}" if row["address"] else "app configuration"
        lines += _wrapped(words, first=f"{'email':<10}")
        lines += _wrapped(f"in {row['package']}{describe_smime(row['smime'])}")
    return lines


def _details(row: Row) -> Iterator[str]:
    yield row["subject"]
    missing = [address for address in row["emailAddresses"] if address not in row["subject"]]
    if missing:
        yield ", ".join(missing)
    if row["issuer"] != row["subject"]:
        yield f"issued by {row['issuer']}"
    if row["intendedPurpose"]:
        yield f"imported for {row['intendedPurpose']}"


def _columns(row: tuple[str, str, str, str, str]) -> str:
    source, purpose, key, until, certificate = row
    return f"{source:<9} {purpose:<10} {key:<4} {until:<10}  {certificate}"


def _wrapped(text: str, *, first: str = _INDENT) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=_INDENT, break_on_hyphens=False)
