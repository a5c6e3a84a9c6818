"""The commands about the mailbox of a device, up to the wires: which account, which login, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.main import app
from fauxtune_sim.device.device import Device
from fauxtune_sim.mail.accounts import MailAccount, MailFolder
from fauxtune_sim.platforms import Platform

LETTER = (
    b"From: =?utf-8?q?B=C3=B6b?= <bob@contoso.example>\r\nSubject: =?utf-8?q?M=C3=BCsli?=\r\n\tfor all\r\n"
    b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nContent-Type: application/pkcs7-mime\r\n\r\nx\r\n"
)

ALICE = "alice@contoso.example"
NO_ACCOUNT, ADD = "fauxtune-sim: phone has no mail account", "fauxtune-sim mail account add"


def account(number: int = 1, *, alias: str | None = None) -> MailAccount:
    address = f"alice{number}@contoso.example"
    return MailAccount(f"email-{number}", package="mail", digest="", address=address, host="mail", login_alias=alias)


def phone(folder: Path, *accounts: MailAccount, ended: str | None = None) -> Device:
    device = Device.new("phone", folder=folder)
    device.accounts = {mail_account.id: mail_account for mail_account in accounts}
    device.ended = ended
    device.save()
    return device


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["mail", *map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


SEND = ("send", "--deliver", "--to-user", "bob@contoso.example", "--sign", "--out", "x.eml")


@pytest.mark.parametrize("command", [("fetch",), ("list",), ("open", "1"), SEND])
def test_without_an_account_there_is_no_mailbox(tmp_path: Path, command: tuple[str, ...]) -> None:
    phone(tmp_path)
    assert run(*command, "--state", tmp_path) == (
        1,
        f"{NO_ACCOUNT}: no e-mail profile has set one up, and its user has added none ({ADD})\n",
    )
    phone(tmp_path, ended="wiped by the administrator")
    assert (
        "has no mail account: its management ended: wiped by the administrator" in run(*command, "--state", tmp_path)[1]
    )


def test_the_user_of_any_device_adds_a_mail_account_by_hand_and_management_leaves_it(tmp_path: Path) -> None:
    device = Device.new("mac", platform=Platform.MACOS, folder=tmp_path)
    device.save()
    assert run("account", "add", "alice@contoso.example", "--state", tmp_path) == (
        0,
        "Mail on mac has the account alice@contoso.example, which logs in with the user's password (--password-file)\n",
    )
    code, text = run("list", "--state", tmp_path)
    assert (code, text) == (0, "no mail of alice@contoso.example is on mac: `mail fetch` gets it\n")
    code, text = run("fetch", "--state", tmp_path)
    assert (code, "logs in with its user's password: give it with --password-file" in text) == (1, True)
    for wrong, why in (
        (("alice",), "'alice' is no address: write it whole, such as alice@contoso.example"),
        (("ALICE@contoso.example",), "mac has a mail account for ALICE@contoso.example already"),
        (("bob@contoso.example", "--certificate", "ffe3035b"), "mac holds no key for ffe3035b: it has none"),
    ):
        code, text = run("account", "add", *wrong, "--state", tmp_path)
        assert (code, why in text) == (1, True), text
    # What a check-in changes is the accounts of management alone.
    device = load_device(tmp_path)
    device.accounts.clear()
    device.save()
    assert [own_account.address for own_account in load_device(tmp_path).own_accounts.values()] == [
        "alice@contoso.example"
    ]


def test_of_several_accounts_one_is_chosen_by_its_address(tmp_path: Path) -> None:
    phone(tmp_path, account(1), account(2))
    code, text = run("list", "--state", tmp_path)
    assert (code, "choose one with --account: alice1@contoso.example, alice2@contoso.example" in text) == (1, True)
    code, text = run("list", "--state", tmp_path, "--account", "ALICE2@contoso.example")
    assert (code, "no mail of alice2@contoso.example is on phone" in text) == (0, True)


@pytest.mark.parametrize(
    ("alias", "password", "why"),
    [
        (None, None, "logs in with its user's password: give it with --password-file"),
        (None, "missing", "the password cannot be read from"),
        ("gone", None, "logs in with the certificate gone, which is not on phone any more"),
        (None, "present", "phone is not enrolled, so it knows no mail server"),
    ],
)
def test_what_a_login_lacks_is_said(tmp_path: Path, alias: str | None, password: str | None, why: str) -> None:
    phone(tmp_path, account(alias=alias))
    (tmp_path / "present").write_text("secret\n")
    more = () if password is None else ("--password-file", tmp_path / password)
    code, text = run("fetch", "--state", tmp_path, *more)
    assert (code, why in text) == (1, True), text


def test_fetched_mail_is_listed_and_opened_by_its_number(tmp_path: Path) -> None:
    device = phone(tmp_path, account())
    assert device.folder is not None
    folder = MailFolder(device.folder, account())
    folder.add("a", LETTER)
    folder.add("b", b"X" * 300_000)
    code, text = run("list", "--state", tmp_path)
    first, second = text.splitlines()
    assert first.split() == ["1", "2026-11-27", "12:00", "bob@contoso.example", "Müsli", "for", "all", "[S/MIME]"]
    assert (code, second.split()) == (0, ["2"])
    code, text = run("open", "1", "--state", tmp_path, "--offline")
    assert (code, "bob@contoso.example" in text) == (1, True)
    assert "there is no message 3: `mail list` has 2" in run("open", "3", "--state", tmp_path)[1]


def test_a_hostile_header_breaks_no_list_and_reaches_no_terminal(tmp_path: Path) -> None:
    device = phone(tmp_path, account())
    assert device.folder is not None
    folder = MailFolder(device.folder, account())
    date = b"Date: Mon, 99999999999999999999 Jan 2020 00:00:00 +0000\r\n"
    folder.add("a", b"From: " + b"(" * 5_000 + b"\r\n" + date + b"Subject: =?utf-8?q?a=07=08=C2=9Bb?=\r\n\r\nx")
    code, text = run("list", "--state", tmp_path)
    assert (code, text.split()) == (0, ["1", "a", "b"])
    code, text = run("open", "1", "--state", tmp_path, "--offline")
    assert (code, text.splitlines()[0]) == (0, "from:      nobody")
