"""Who can read which mail, as a table of 80 columns: a row for each message, a column for each device."""

from __future__ import annotations

from typing import Any

from fauxtune.core.mail.readability import Reading
from fauxtune.core.mail.reading_words import READING_WORDS
from fauxtune.core.model.marks import name_of
from fauxtune_cli.options import one_line
from fauxtune_cli.tables import Table, moment, person, plain_columns

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
        marks = ", ".join(name_of(each["mark"], each["thumbprint"]) for each in row["files"])
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
