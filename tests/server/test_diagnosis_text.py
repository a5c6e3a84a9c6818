"""How a diagnosis and a history are printed: the tree, the table, colours, and what others wrote."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from fauxtune_cli.device import diagnose
from fauxtune_cli.device.diagnose import coloured, uncoloured

Json = dict[str, Any]


def link(name: str, status: str, *codes: str) -> Json:
    return {"link": name, "status": status, "message": f"{name} is {status}.", "fix": None, "findings": list(codes)}


def chain(name: str, status: str, *links: Json) -> Json:
    device = {"id": "d1", "deviceName": "phone", "variant": "ios"}
    profile = {"id": "p1", "displayName": name, "kind": "iosPkcsCertificateProfile"}
    return {"user": "alice@x.example", "device": device, "profile": profile, "status": status, "links": list(links)}


def finding(**evidence: Any) -> Json:
    return {
        "code": "device-refused",
        "severity": "error",
        "message": "It was refused.",
        "fix": "Look at it.",
        "evidence": evidence,
    }


def answer(*chains: Json, findings: tuple[Json, ...] = (), healthy: bool = True, left_out: int = 0) -> Json:
    return {
        "chains": list(chains),
        "findings": list(findings),
        "healthy": healthy,
        "devicesLeftOut": left_out,
    }


MARK = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
WELL = chain("Root", "ok", link("enrollment", "ok"), link("installed", "ok"))
ILL = chain("Mail", "broken", link("enrollment", "ok"), link("device", "broken", "device-refused"))


def test_a_broken_chain_shows_the_link_that_broke_and_counts_the_others() -> None:
    result = answer(WELL, ILL, findings=(finding(),), healthy=False, left_out=3)
    assert diagnose.diagnosis(result, paint=uncoloured, everything=False).splitlines() == [
        "alice@x.example: phone (ios)",
        "├─ ok      Root",
        "└─ broken  Mail",
        "   ├─ broken  device: device is broken. [device-refused]",
        "   └─ ok      1 other link holds",
        "3 more devices were not looked at.",
        "",
        "Found:",
        "  error   device-refused: It was refused.",
        "          fix: Look at it.",
        "",
        "Not all is well; 1 error: device-refused.",
    ]


def test_two_devices_of_one_name_stand_below_headings_of_their_own() -> None:
    other = {**ILL, "device": {"id": "d2", "deviceName": "phone", "variant": "ios"}}
    lines = diagnose.diagnosis(answer(WELL, other), paint=uncoloured, everything=False).splitlines()
    assert [line for line in lines if line.startswith("alice")] == [
        "alice@x.example: phone (ios), d1",
        "alice@x.example: phone (ios), d2",
    ]


def test_everything_is_shown_where_it_is_asked_for() -> None:
    text = diagnose.diagnosis(answer(WELL), paint=uncoloured, everything=True)
    assert "   └─ ok      installed: installed is ok." in text.splitlines()
    assert text.endswith("All is well.")


def test_a_warning_is_not_shown_as_ok_and_the_end_says_what_is_left() -> None:
    warned = chain("Mail", "ok", link("enrollment", "ok"), link("validity", "ok", "expires-soon"))
    warning = finding() | {"severity": "warning", "code": "expires-soon"}
    result = answer(WELL, warned, findings=(warning, warning))
    lines = diagnose.diagnosis(result, paint=uncoloured, everything=False).splitlines()
    assert lines[1:5] == [
        "├─ ok      Root",
        "└─ warning Mail",
        "   ├─ warning validity: validity is ok. [expires-soon]",
        "   └─ ok      1 other link holds",
    ]
    assert lines[-1] == "2 warnings: expires-soon (2)."


def test_what_is_not_applicable_says_so_and_what_waits_is_counted() -> None:
    never = chain("Root", "notApplicable", link("installed", "notApplicable"))
    result = answer(never, chain("Mail", "waiting", link("installed", "waiting")))
    lines = diagnose.diagnosis(result, paint=uncoloured, everything=False).splitlines()
    assert lines[1:3] == ["├─ not applicable Root", "│  └─ not applicable installed: installed is notApplicable."]
    assert lines[-1] == "1 profile waiting."


def test_an_error_number_stands_in_words() -> None:
    error = {"hexadecimal": "0x87D14A38", "family": "apple", "words": "the password does not open the file"}
    text = diagnose.diagnosis(answer(ILL, findings=(finding(error=error),)), paint=uncoloured, everything=False)
    assert "0x87D14A38 (apple): the password does not open the file" in text


def test_long_texts_are_wrapped_at_80_columns_and_a_command_stays_on_one_line() -> None:
    long = chain("Mail " * 20, "broken", link("device " * 20, "broken", "device-refused"), link("installed", "ok"))
    long["device"]["deviceName"] = "phone " * 20
    command = f"fauxtune connector online '{'Connector ' * 12}'"
    found = finding() | {"message": "It was refused. " * 12, "fix": f"Set it on line: {command}"}
    result = answer(long, findings=(found, finding() | {"fix": "Look at it. " * 12}), healthy=False)
    lines = diagnose.diagnosis(result, paint=uncoloured, everything=False).splitlines()
    assert [line for line in lines if len(line) > 80] == [f"          {command}"]
    assert lines[lines.index(f"          {command}") - 1] == "          fix: Set it on line:"
    assert "   │          device device" in lines[5], "the tree goes on beside a text of several lines"
    painted = diagnose.diagnosis(result, paint=coloured, everything=False)
    assert painted.replace("\x1b[31m", "").replace("\x1b[32m", "").replace("\x1b[0m", "").splitlines() == lines
    named = finding() | {"fix": "Assign 'x: fauxtune tenant delete contoso' to a group."}
    text = diagnose.diagnosis(answer(ILL, findings=(named,)), paint=uncoloured, everything=False)
    assert "fix: Assign 'x: fauxtune tenant" in text, "a name that looks like a command is none"


def test_colours_are_for_terminals_and_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[31mbroken " in diagnose.diagnosis(answer(ILL), paint=coloured, everything=False)
    assert diagnose.paint_for_terminal() is uncoloured
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert diagnose.paint_for_terminal() is coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert diagnose.paint_for_terminal() is uncoloured


def test_what_others_wrote_does_not_steer_the_terminal() -> None:
    evil = chain("\x1b]0;owned\x07", "broken", link("device\x1b[2J", "broken"))
    text = diagnose.diagnosis(answer(evil), paint=uncoloured, everything=True)
    assert "\x1b" not in text
    assert "\x07" not in text
    lines = chain("x\nAll is well.", "broken", link("device\nAll is well.", "broken"))
    lines["device"]["deviceName"] = "phone\nAll is well."
    answered = answer(lines, findings=(finding() | {"message": "No.\nAll is well.", "fix": "Do.\nAll is well."},))
    text = diagnose.diagnosis(answered, paint=uncoloured, everything=True)
    assert [line for line in text.splitlines() if line.startswith("All is well.")] == []


def test_nothing_at_all_is_said_to_be_nothing() -> None:
    assert "nothing to look at" in diagnose.diagnosis(answer(), paint=uncoloured, everything=False)
    person = {"userPrincipalName": "bob@x.example", "mail": None}
    text = diagnose.history({"user": person, "value": [], "findings": []}, paint=uncoloured)
    assert "not set" in text
    assert "No certificates." in text


def test_the_history_is_a_table_of_80_columns() -> None:
    certificate = {
        "source": "imported",
        "intendedPurpose": "smimeEncryption",
        "notBefore": "2025-01-01T00:00:00.0000000Z",
        "notAfter": None,
        "status": "notYetValid",
        "usage": "encryption",
        "profileName": "S/MIME",
        "emailAddresses": ["alice@x.example"],
        "issuer": "CN=Contoso Issuing CA,OU=A unit with a name,O=EMULATOR - NOT TRUSTED,C=US",
        "thumbprint": MARK,
        "holders": [{"device": "d1", "deviceName": "phone"}, {"device": "0123456789abcdef", "deviceName": None}],
        "findings": [finding()],
    }
    person = {"userPrincipalName": "alice@x.example", "mail": "alice@x.example"}
    results = {"user": person, "value": [certificate], "findings": [finding()]}
    lines = diagnose.history(results, paint=uncoloured).splitlines()
    assert lines[2].split()[:3] == ["source", "for", "from"]
    assert lines[3].split("  ") == ["imported", "encryption", "2025-01-01", "?", *[""] * 4, " not valid yet", MARK[:8]]
    assert lines[4].startswith("          alice@x.example; issued by CN=Contoso Issuing CA,")
    assert "by the profile 'S/MIME'" in " ".join(lines[5].split())
    assert "          held by: phone, 01234567" in lines
    assert "          wrong: device-refused" in lines
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip() == "fix: Look at it."
