"""`fauxtune mail`: the mailboxes of the users, and the address book, as people use them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands

ALICE, BOB = "alice@contoso.example", "bob@contoso.example"
HOSTILE = (
    b"From: =?utf-8?q?Eve=1B]0;owned=07?= <eve@evil.example>\r\nTo: alice@contoso.example\r\n"
    b"Subject: =?utf-8?q?one=0D=0Asignature_valid?=\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nsignature  valid: it fits\x1b[2J\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n"
    b'--b\r\nContent-Type: application/octet-stream; name="../../etc/passwd"\r\n'
    b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n"
)


def test_a_text_is_sent_listed_shown_and_deleted(run: Commands, tmp_path: Path) -> None:
    run.text("user", "create", "erin")  # the other tests write to Alice
    erin = "erin@contoso.example"
    assert run.text("mail", "list", "erin") == "The mailbox has no such messages.\n"
    command = ("mail", "send", "--from", "bob", "--to", "erin", "--to", "nobody@contoso.example")
    printed = run.text(*command, "--subject", "Plan", "--text", "At noon.")
    assert printed == (
        f"Delivered to {erin}.\nNot delivered to nobody@contoso.example: no user of this tenant has this address.\n"
    )
    table = run.text("mail", "list", "erin")
    assert [" ".join(line.split()[3:6]) for line in table.splitlines()[1:]] == [f"{BOB} Plan plain"]
    shown = run.text("mail", "show", "erin", "1")
    assert "signature  none\n" in shown
    assert shown.endswith("| At noon.\n")
    assert run.json("mail", "show", "erin", "1")["parts"][0]["text"] == "At noon.\n"
    file = tmp_path / "letter.eml"
    assert run.text("mail", "show", "erin", "1", "--out", file) == f"Wrote {file}.\n"
    assert run.run("mail", "show", "erin", "1", "--raw").raw == file.read_bytes()
    assert run.text("mail", "send", file, "--to", BOB, "--from", "carol") == f"Delivered to {BOB}.\n"
    assert run.json("mail", "list", "bob")[0]["envelopeSender"] == "carol@contoso.example"
    assert run.text("mail", "delete", "erin", "1", "--yes") == f"Deleted message 1 of {erin}.\n"
    assert run.refused("mail", "show", "erin", "1") == "fauxtune: The mailbox has no message 1.\n"


def test_what_is_published_is_what_a_sender_encrypts_for(run: Commands, tmp_path: Path) -> None:
    send = ("mail", "send", "--from", "alice", "--to", "carol", "--text", "x", "--encrypt")
    assert "No certificate is published for carol@contoso.example." in run.refused(*send)
    assert "issued no encryption certificate to carol@contoso.example" in run.refused("mail", "publish", "carol")
    assert run.text("mail", "lookup", "carol").startswith("No certificate is published for carol@contoso.example.")
    run.text("certificate", "issue", "--user", "carol", "--template", "SmimeEncryption", "--out", tmp_path / "c.pem")
    published = run.text("mail", "publish", "carol")
    assert published.startswith("Published ")
    assert "for carol@contoso.example, valid until" in published
    (entry,) = run.json("mail", "lookup", "carol")["value"]
    assert entry["usable"] is True
    assert "usable." in run.text("mail", "lookup", "carol")
    assert run.text(*send) == "Delivered to carol@contoso.example.\n"
    shown = run.text("mail", "show", "carol", "1")
    assert "encryption AES-256-CBC, for 1 certificate; only a device reads it\n" in shown
    assert "signature  none outside the encryption; one inside it is seen on a device\n" in shown
    wrong = run.text("mail", "publish", BOB, "--thumbprint", entry["thumbprint"][:8])
    assert f"The address {BOB} is not in it" in wrong
    assert entry["thumbprint"][:8] in run.text("mail", "lookup")
    name = f"{entry['mark']} ({entry['thumbprint'][:8]})"
    assert run.text("mail", "withdraw", "carol") == f"Withdrew {name} from carol@contoso.example.\n"
    assert "with --thumbprint: none." in run.refused("mail", "withdraw", "carol")
    run.text("mail", "publish", "partner@fabrikam.example", "--certificate", tmp_path / "c.pem")
    (partner,) = run.json("mail", "lookup", "partner@fabrikam.example")["value"]
    assert [remark["code"] for remark in partner["remarks"]] == ["wrongAddress", "nobodysAddress"]
    run.text("mail", "withdraw", BOB)
    assert "cannot be read" in run.refused("mail", "publish", BOB, "--certificate", tmp_path / "missing.pem")
    (tmp_path / "text.pem").write_text("this is no certificate")
    assert "certificate" in run.refused("mail", "publish", BOB, "--certificate", tmp_path / "text.pem")


def test_a_hostile_message_stays_text_on_its_lines(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(HOSTILE)
    run.text("mail", "send", tmp_path / "x.eml", "--to", ALICE)
    uid = str(run.json("mail", "list", "alice")[-1]["uid"])
    for printed in (run.text("mail", "list", "alice"), run.text("mail", "show", "alice", uid)):
        assert all(character.isprintable() or character == "\n" for character in printed)
    lines = run.text("mail", "show", "alice", uid).splitlines()
    assert [line for line in lines if line.startswith("signature")] == ["signature  none"]
    assert "| signature  valid: it fits [2J" in lines
    assert "| <script>alert(1)</script>" in lines
    assert "-- application/octet-stream 'passwd', 1 bytes" in lines


def test_the_request_that_is_sent_can_be_shown(run: Commands, tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(b"Subject: x\r\n\r\nx\r\n")
    curl = run.run("mail", "send", tmp_path / "x.eml", "--to", ALICE, "--show-request").errors
    assert "-H 'Content-Type: message/rfc822'" in curl
    assert f"--data-binary @{tmp_path}/x.eml" in curl
    python = run.run("mail", "lookup", ALICE, "--show-request-as", "python").errors
    assert f"/address-book/{ALICE}" in python


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("send", "--to", "bob", "--text", "x"), "Name the sender"),
        (("send", "x.eml", "--to", "bob", "--text", "x"), "A file is sent as it is"),
        (("send", "missing.eml", "--to", "bob@contoso.example"), "cannot be read"),
        (("list", "nobody"), "nobody"),
    ],
)
def test_a_command_that_makes_no_sense_says_what_would(run: Commands, arguments: tuple[str, ...], words: str) -> None:
    assert words in run.refused("mail", *arguments)


def test_the_matrix_shows_who_can_read_what(run: Commands, tmp_path: Path) -> None:
    run.text("user", "create", "dora")
    assert run.text("mail", "matrix", "dora").startswith("The mailbox had no such messages.\n")
    file = tmp_path / "hello.eml"
    file.write_bytes(b"From: bob@contoso.example\r\nSubject: Hello\r\n\r\nAt noon.\r\n")
    run.text("mail", "send", file, "--to", "dora")
    table = run.text("mail", "matrix", "dora")
    assert [" ".join(line.split()) for line in table.splitlines()[:2]] == ["number subject others", "1 Hello -"]
    assert max(map(len, table.splitlines())) <= 80
    assert run.json("mail", "matrix", "dora")["mail"][0]["subject"] == "Hello"
    assert (
        run.text("mail", "matrix", "dora", "--why", "1") == "Hello, from bob@contoso.example\nThe user had no device.\n"
    )
    assert run.refused("mail", "matrix", "dora", "--why", "7").endswith("had no message 7.\n")
    assert "number of an entry in the journal" in run.refused("mail", "matrix", "dora", "--at", "yesterday")
