"""A mail that was read, as text of 80 columns: header, protection with the reasons, text, attachments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from fauxtune_sim.keys.marks import with_room
from fauxtune_sim.mail.reading import Part, Reading
from fauxtune_sim.mail.verdict import Verdict

_WIDTH = 80
_INDENT = " " * 11


def reading_lines(reading: Reading, *, saved: Sequence[Path]) -> list[str]:
    """The lines that `mail read` prints. Control characters, which the sender may have put there, are left out."""
    lines = [*_header(reading), *_field("encrypted", _encryption(reading)), *_signatures(reading)]
    for part, what in (
        *((part, "outside the signature") for part in reading.parts_outside_signatures),
        *((part, "outside the encryption") for part in reading.parts_outside_envelopes),
    ):
        lines += _field("beware", f"{part.name or part.media_type} stands {what}: anybody could have added it")
        if part.text is not None and part.text != reading.text:
            lines += [f"{_INDENT}| {_printable(line)}" for line in part.text.rstrip("\n").split("\n")]
    lines += [line for part in reading.files for line in _field("file", _file(part))]
    lines += [line for path in saved for line in _field("saved", str(path))]
    if reading.text is not None:
        lines += ["", *(_printable(line) for line in reading.text.rstrip("\n").split("\n"))]
    return lines


def _header(reading: Reading) -> Iterator[str]:
    yield from _field("from", reading.sender or "nobody")
    yield from _field("to", ", ".join(reading.recipients) or "nobody")
    if reading.copies:
        yield from _field("cc", ", ".join(reading.copies))
    if reading.date is not None:
        yield from _field("date", f"{reading.date:%Y-%m-%d %H:%M %Z}")
    yield from _field("subject", reading.subject)


def _encryption(reading: Reading) -> str:
    if reading.decrypted is None:
        return "no"
    if not reading.decrypted:
        return f"yes, but it cannot be decrypted: {reading.failure}"
    cipher = (reading.cipher or "").replace("_", "-").replace("tripledes-3key", "3des")
    return f"yes ({cipher}), opened with the key of the certificate {(reading.recipient or '')[:8]}"


def _signatures(reading: Reading) -> Iterator[str]:
    if not reading.verdicts:
        yield from _field(
            "signed", "a signature inside the encryption cannot be seen" if reading.decrypted is False else "no"
        )
    for verdict in reading.verdicts:
        yield from _field("signed", _signature(verdict))


def _signature(verdict: Verdict) -> str:
    by = f" by {verdict.signer}" if verdict.signer else ""
    if not verdict.is_verified:
        return f"yes{by}, but not valid: {verdict.sentence}"
    revocation = verdict.revocation
    if revocation is None:
        revocation_text = "revocation was not checked"
    elif revocation.why is not None:
        revocation_text = f"whether it was revoked is not known: {revocation.why}"
    else:
        revocation_text = f"not revoked ({(revocation.source or '').upper()})"
    return f"yes{by}; {verdict.sentence}; {revocation_text}"


def _file(part: Part) -> str:
    name = part.name or part.media_type
    return f"{name}: {part.defect}" if part.content is None else f"{name} ({len(part.content):,} bytes)"


def _field(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        with_room(_printable(text)),
        _WIDTH,
        initial_indent=f"{name + ':':<11}",
        subsequent_indent=_INDENT,
        break_on_hyphens=False,
    ) or [f"{name}:"]


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character == "\t")
