"""Messages, deliveries and the address book as text for people, and who can read which mail as a table of 80 columns: a
row for each message, a column for each device.

All of it may come from strangers: each value stays on its line, and the text of a message stands behind bars, so that
it cannot be taken for what the command says.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.mail.readability import READING_WORDS, Reading
from fauxtune.core.model.certificates import name_of
from fauxtune.core.pki.algorithm_words import algorithm_words
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import Table, certificate_name, moment, person, plain_columns


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
        *(("signature", f"{signature['code']}: {signature['sentence']}") for signature in answer["signatures"]),
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
    return "\n".join([*lines, *(one_line(remark["sentence"]) for remark in answer["remarks"])])


def state(row: dict[str, Any]) -> str:
    """Return whether a published certificate is usable, and what is worth to know about it."""
    sentences = " ".join(remark["sentence"] for remark in row["remarks"])
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


#: Devices that have a column with words. More have one with a symbol each.
_WITH_WORDS = 4
#: Characters that all names of devices have together, and one name.
_ALL_NAMES, _LONGEST_NAME = 48, 24


def matrix(answer: dict[str, Any]) -> Table:
    """Return the rows of a matrix."""
    devices = answer["devices"]
    in_words = len(devices) <= _WITH_WORDS
    names = _headings(devices)
    rows = [
        (
            str(row["uid"]),
            row["subject"],
            *(_cell(cell["reading"], in_words=in_words) for cell in row["cells"]),
            str(len(row["others"]) or "-"),
        )
        for row in answer["mail"]
    ]
    headings = ("number", "subject", *names, "others")
    return Table(headings, rows, shrinks="subject", empty="The mailbox had no such messages.")


def legend(answer: dict[str, Any]) -> str:
    """Return what stands below the table: the moment, the devices, and what the symbols mean."""
    number = answer["number"]
    when = "now" if number is None else f"after entry {number} of the journal"
    lines = [f"At {moment(answer['at'])} UTC, {when}."]
    for heading, device in zip(_headings(answer["devices"]), answer["devices"], strict=True):
        if device["left"] or heading != one_line(device["deviceName"]):
            lines.append(f"{heading}: {one_line(device['deviceName'])}{_left(device)}")
    used = {cell["reading"] for row in answer["mail"] for cell in row["cells"]}
    lines += [
        f"{words.symbol} {words.word}: {words.meaning}" for code, words in READING_WORDS.items() if code.value in used
    ]
    if answer["mail"]:
        lines.append("others: devices of other people, or earlier ones, that can read it")
        lines.append("Why, message by message: --why NUMBER")
    if answer["nextAfter"] is not None:
        lines.append(f"There are more: --after {answer['nextAfter']}")
    return "\n".join(lines)


def why(answer: dict[str, Any], uid: int) -> str | None:
    """Return the sentences about one message; None if it is not in the answer."""
    row = next((row for row in answer["mail"] if row["uid"] == uid), None)
    if row is None:
        return None
    table = Table(
        ("device", "reads", "why"),
        [
            (device["deviceName"], "yes" if cell["canRead"] else "no", cell["sentence"])
            for device, cell in zip(answer["devices"], row["cells"], strict=True)
        ],
        wraps=True,
        empty="The user had no device.",
    )
    lines = [f"{one_line(row['subject'])}, from {one_line(row['author'])}", plain_columns(table)]
    if row["others"]:
        readers = [f"{one_line(each['deviceName'])} ({person(each['userPrincipalName'])})" for each in row["others"]]
        lines.append(f"Others who can read it: {', '.join(readers)}.")
    if row["files"]:
        marks = ", ".join(name_of(file["mark"], file["thumbprint"]) for file in row["files"])
        lines.append(f"Whoever has the PFX file of {marks} can read it anywhere.")
    return "\n".join(lines)


def _headings(devices: list[dict[str, Any]]) -> list[str]:
    """Return the headings of the devices: their names, shortened, or numbers where they are many."""
    if len(devices) > _WITH_WORDS:
        return [str(number) for number in range(1, len(devices) + 1)]
    names = [one_line(device["deviceName"]) for device in devices]
    longest = min(_LONGEST_NAME, _ALL_NAMES // max(len(names), 1))
    return [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]


def _cell(code: str, *, in_words: bool) -> str:
    words = READING_WORDS[Reading(code)]
    return f"{words.symbol} {words.word}" if in_words else words.symbol


def _left(device: dict[str, Any]) -> str:
    return f" ({device['left']})" if device["left"] else ""
