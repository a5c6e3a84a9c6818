"""Fetched messages in a device's folder."""

from __future__ import annotations

from pathlib import Path

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.mail.accounts import MailAccount, MailFolder

WORK = MailAccount("email-1", package="mail", digest="", address="alice@contoso.example")
OTHER = MailAccount("email-2", package="mail", digest="", address="alice@other.example")


def test_messages_keep_their_order_and_one_that_is_gone_from_the_server_goes(tmp_path: Path) -> None:
    folder = MailFolder(StateFolder(tmp_path), WORK)
    ids = [f"../{number}/\N{SNOWMAN}" for number in range(3)]
    files = [folder.add(each, f"{number}".encode()) for number, each in enumerate(ids)]
    assert folder.files() == files
    assert all(file.parent == tmp_path for file in files)
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    assert folder.missing([*ids, "new"]) == ["new"]
    assert folder.keep_only([ids[0], ids[2]]) == 1
    assert [file.read_bytes() for file in folder.files()] == [b"0", b"2"]
    assert folder.add("new", b"3").read_bytes() == b"3"
    assert folder.files()[-1].read_bytes() == b"3"


def test_messages_leave_the_device_with_their_account_and_with_management(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path)
    assert device.folder is not None
    folders = [MailFolder(device.folder, account) for account in (WORK, OTHER)]
    device.accounts = {WORK.id: WORK, OTHER.id: OTHER}
    for folder in folders:
        folder.add("a", b"x")
    device.save()
    assert [len(folder.files()) for folder in folders] == [1, 1]
    del device.accounts[OTHER.id]
    device.save()
    assert [len(folder.files()) for folder in folders] == [1, 0]
    device.remove_management("wiped")
    assert [len(folder.files()) for folder in folders] == [0, 0]
