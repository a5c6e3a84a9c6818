"""The matrix of mail and devices as a table of 80 columns."""

from __future__ import annotations

from typing import Any

from fauxtune_cli import mail_text
from fauxtune_cli.tables import plain_columns


def answer(*devices: str, readings: str = "readable", left: str | None = None) -> dict[str, Any]:
    cell = {"reading": readings, "canRead": readings == "readable", "sentence": "It has the key."}
    row = {"uid": 7, "subject": "S" * 60, "author": "bob@contoso.example", "cells": [cell] * len(devices)}
    others = [{"deviceName": "Bob's PC", "userPrincipalName": "bob@contoso.example"}]
    files = [{"thumbprint": "aa", "mark": "BAFU"}]
    return {
        "at": "2026-11-24T10:00:00.0000000Z",
        "number": None,
        "devices": [{"deviceName": name, "left": left} for name in devices],
        "mail": [{**row, "others": others, "files": files}],
        "nextAfter": 7,
    }


def test_a_few_devices_have_words_and_many_have_numbers() -> None:
    few = plain_columns(mail_text.matrix(answer("phone", "a very long name, longer than others")))
    assert few.splitlines()[0].split()[2:] == ["phone", "a", "very", "long", "name,", "longe…", "others"]
    assert [len(line) <= 80 and line.endswith("1") for line in few.splitlines()[1:]] == [True]
    four = plain_columns(mail_text.matrix(answer("phone", "Alice's tablet", "PC", "Mac")))
    assert four.splitlines()[0].split()[2:] == ["phone", "Alice's", "tab…", "PC", "Mac", "others"]
    many = plain_columns(mail_text.matrix(answer(*(f"device {number}" for number in range(10)))))
    assert many.splitlines()[0].split() == ["number", "subject", *map(str, range(1, 11)), "others"]
    assert max(map(len, [*few.splitlines(), *many.splitlines()])) <= 80


def test_the_legend_names_what_the_table_shortens() -> None:
    assert mail_text.legend(answer("phone", "a very long name, longer than others")) == (
        "At 2026-11-24 10:00 UTC, now.\n"
        "a very long name, longe…: a very long name, longer than others\n"
        "✓ reads: the device can read it\n"
        "others: devices of other people, or earlier ones, that can read it\n"
        "Why, message by message: --why NUMBER\n"
        "There are more: --after 7"
    )
    gone = mail_text.legend({**answer("phone", readings="deviceWiped", left="wiped"), "number": 12})
    assert (
        "after entry 12 of the journal.\nphone: phone (wiped)\nW wiped: the device had the key, and was wiped\n" in gone
    )


def test_the_reason_names_other_readers_and_files() -> None:
    text = mail_text.why(answer("phone"), 7)
    assert text is not None
    assert "phone   yes    It has the key.\n" in text
    assert text.endswith(
        "Others who can read it: Bob's PC (bob).\nWhoever has the PFX file of BAFU (aa) can read it anywhere."
    )
    assert mail_text.why(answer("phone"), 8) is None
