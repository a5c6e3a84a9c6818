"""Messages, deliveries and the address book as text for people. All of it may come from strangers: each value stays on
its line, and the text of a message stands behind bars, so that it cannot be taken for what the command says.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.pki.algorithm_words import algorithm_words
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import certificate_name, moment


def protection(row: dict[str, Any]) -> str:
    """Return how a message of a list is protected, in words."""
    words = [word for word in ("encrypted", "signed") if row[word]]
    return " and ".join(words) or "plain"


def message(answer: dict[str, Any]) -> str:
    """Return a message: its header, what protects it, its parts and its texts."""
    facts = [
        ("from", answer["author"]),
        ("to", ", ".join(answer["to"])),
        ("cc", ", ".join(answer["cc"])),
        ("date", f"{moment(answer['date'])} UTC" if answer["date"] else ""),
        ("subject", answer["subject"]),
        ("received", f"{moment(answer['receivedDateTime'])} UTC, {answer['size']:,} bytes"),
        ("encryption", _encryption(answer)),
        *(("signature", f"{each['code']}: {each['sentence']}") for each in answer["signatures"]),
        ("verified", _verified(answer)) if answer["signatures"] else ("signature", _unsigned(answer)),
        *([("problem", answer["problem"])] if answer["problem"] else []),
    ]
    lines = [f"{label:11}{one_line(text)}" for label, text in facts if text]
    for part in answer["parts"]:
        lines += _part(part)
    return "\n".join(lines)


def delivery(answer: dict[str, Any]) -> str:
    """Return who got a message, and who did not."""
    lines = [f"Delivered to {', '.join(map(one_line, answer['accepted']))}."]
    lines += [
        f"Not delivered to {one_line(each['address'])}: {one_line(each['reason'])}." for each in answer["refused"]
    ]
    return "\n".join(lines)


def published(answer: dict[str, Any]) -> str:
    """Return what was published, and what is wrong with it."""
    until = moment(answer["notAfter"])[:10]
    lines = [f"Published {certificate_name(answer)} for {one_line(answer['address'])}, valid until {until}."]
    return "\n".join([*lines, *(one_line(each["sentence"]) for each in answer["remarks"])])


def state(row: dict[str, Any]) -> str:
    """Return whether a published certificate is usable, and what is worth to know about it."""
    sentences = " ".join(each["sentence"] for each in row["remarks"])
    return " ".join(part for part in ("usable." if row["usable"] else "not usable.", sentences) if part)


def _encryption(answer: dict[str, Any]) -> str:
    encryption = answer["encryption"]
    if encryption is None:
        return "encrypted, in a way that cannot be read" if answer["encrypted"] else "none"
    count = len(encryption["recipients"])
    cipher = algorithm_words(encryption["cipher"])
    return f"{cipher}, for {count} certificate{'' if count == 1 else 's'}; only a device reads it"


def _verified(answer: dict[str, Any]) -> str:
    outside = sum("signature" in part["outside"] for part in answer["parts"])
    if outside:
        return f"no: {outside} of {len(answer['parts'])} parts outside the signature"
    return "yes" if answer["verified"] else "no"


def _unsigned(answer: dict[str, Any]) -> str:
    return "none outside the encryption; one inside it is seen on a device" if answer["encrypted"] else "none"


def _part(part: dict[str, Any]) -> list[str]:
    outside = f", outside the {' and the '.join(part['outside'])}: anybody can have added it" if part["outside"] else ""
    name = f" '{one_line(part['name'])}'" if part["name"] else ""
    kind = "encrypted" if part["encrypted"] else one_line(part["mediaType"])
    head = f"-- {kind}{name}, {part['size']:,} bytes{outside}"
    problem = [f"   {one_line(part['problem'])}"] if part["problem"] else []
    return [head, *problem, *(f"| {_clean(line)}" for line in (part["text"] or "").splitlines())]


def _clean(line: str) -> str:
    return "".join(each if each.isprintable() or each == "\t" else " " for each in line)
