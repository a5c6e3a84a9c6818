"""What a Windows device answers to commands: statuses, Atomic and its rollback, Sequence, items, hostile messages."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.exec_nodes import SessionAborted
from fauxtune_sim.windows.machine import EnrollmentEnd
from fauxtune_sim.windows.syncml import server_message

MAIL = "./User/Vendor/MSFT/ActiveSync/Accounts/%7B4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab%7D"
POLL = "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Poll"


def test_statuses_name_message_command_and_kind(desk: Any) -> None:
    message = desk.words.message(desk.words.get("./DevInfo/Man"), desk.words.get("./DevInfo/Nothing"), number=7)
    answer = desk.engine.execute(server_message(message))
    assert [(one.message, one.command, one.name, one.code) for one in answer.statuses] == [
        ("7", "0", "SyncHdr", 200),
        ("7", "2", "Get", 200),
        ("7", "3", "Get", 404),
    ]
    (result,) = answer.results
    assert (result.message, result.command, result.source, result.data) == (
        "7",
        "2",
        "./DevInfo/Man",
        desk.device.hardware.manufacturer,
    )


def test_the_device_tells_what_it_is(desk: Any) -> None:
    hardware = desk.device.hardware
    assert desk.read("./DevDetail/SwV") == hardware.os_version
    assert desk.read("./DevDetail/Ext/Microsoft/SMBIOSSerialNumber") == hardware.serial_number
    assert desk.read("./DevDetail/Ext/WLANMACAddress") == hardware.wifi_mac_address.upper()
    assert desk.read("./DevDetail/Ext/Microsoft/DeviceName") == "DESKTOP-1"
    assert desk.read("./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/HWDevID") == hardware.hardware_id
    assert desk.code(desk.words.get("./DevDetail/Ext/Microsoft/MobileID")) == 404
    assert "WLANMACAddress" in desk.read("./DevDetail/Ext")


def test_several_items_have_one_status_if_they_agree_and_else_one_each(desk: Any) -> None:
    words = desk.words
    items = [words.item(f"{POLL}/NumberOfFirstRetries", "5", "int"), words.item(f"{POLL}/PollOnLogin", "true", "bool")]
    assert desk.say(words.command("Add", *items)) == [("Add", 200)]
    items.append(words.item(f"{POLL}/NumberOfSecondRetries", "8", "int"))
    statuses = desk.engine.execute(server_message(words.message(words.command("Add", *items)))).statuses[1:]
    assert [(one.target, one.code) for one in statuses] == [
        (f"{POLL}/NumberOfFirstRetries", 418),
        (f"{POLL}/PollOnLogin", 418),
        (f"{POLL}/NumberOfSecondRetries", 200),
    ]


def test_the_format_of_a_command_counts_for_its_items(desk: Any) -> None:
    words = desk.words
    meta = '<Meta><Format xmlns="syncml:metinf">chr</Format></Meta>'
    item = words.item(f"{POLL}/NumberOfFirstRetries", "5")
    assert desk.code(words.command("Add", meta, item)) == 415
    assert desk.code(words.command("Add", item)) == 200


def test_trap_25_metinfo_is_read_like_metinf(desk: Any) -> None:
    item = desk.words.item(f"{POLL}/NumberOfFirstRetries", "5", "bool").replace("syncml:metinf", "syncml:metinfo")
    assert desk.code(desk.words.command("Add", item)) == 415


def test_a_command_without_number_is_400_and_the_rest_goes_on(desk: Any) -> None:
    nameless = f"<Get>{desk.words.item('./DevInfo/Man')}</Get>"
    assert desk.say(nameless, desk.words.get("./DevInfo/Man")) == [("Get", 400), ("Get", 200)]


def test_an_unknown_element_is_400(desk: Any) -> None:
    assert desk.code("<Copy><CmdID>9</CmdID></Copy>") == 400


def test_a_command_without_items_is_400(desk: Any) -> None:
    assert desk.code("<Add><CmdID>9</CmdID></Add>") == 400


def test_a_sequence_runs_in_order_and_each_command_is_answered(desk: Any) -> None:
    words = desk.words
    node = f"{POLL}/NumberOfFirstRetries"
    inside = words.add(node, "5", "int"), words.get(node), words.delete(node), words.get(f"{node}x")
    assert desk.say(words.command("Sequence", *inside)) == [
        ("Sequence", 200),
        ("Add", 200),
        ("Get", 200),
        ("Delete", 200),
        ("Get", 404),
    ]
    assert desk.results == {node: "5"}


def test_an_atomic_holds_as_a_whole(desk: Any) -> None:
    words = desk.words
    atomic = words.atomic(words.add(f"{MAIL}/EmailAddress", "a@b.c"), words.add(f"{MAIL}/ServerName", "mail.b.c"))
    assert desk.say(atomic) == [("Atomic", 200), ("Add", 200), ("Add", 200)]
    assert desk.read(f"{MAIL}/ServerName") == "mail.b.c"


def test_trap_21_a_failed_child_gives_507_216_and_215_and_leaves_nothing(desk: Any) -> None:
    words = desk.words
    before = desk.machine.snapshot()
    atomic = words.atomic(
        words.add(f"{MAIL}/EmailAddress", "a@b.c"),
        words.add(f"{MAIL}/ServerName", "mail.b.c", "int"),
        words.add(f"{MAIL}/UserName", "a"),
    )
    assert desk.say(atomic) == [("Atomic", 507), ("Add", 216), ("Add", 415), ("Add", 215)]
    assert desk.machine.snapshot() == before
    (refusal,) = desk.refusals
    assert (refusal.setting, refusal.path) == ("ActiveSync", f"{MAIL}/ServerName")


@pytest.mark.parametrize("what", ["get", "atomic", "sequence", "alert", "nameless", "unknown", "empty"])
def test_what_may_not_be_in_an_atomic_fails_it(desk: Any, what: str) -> None:
    words = desk.words
    child, code = {
        "get": (words.get("./DevInfo/Man"), 500),
        "atomic": (words.atomic(words.add(f"{MAIL}/Domain", "b.c")), 500),
        "sequence": (words.command("Sequence", words.add(f"{MAIL}/Domain", "b.c")), 500),
        "alert": ("<Alert><CmdID>77</CmdID><Data>1222</Data></Alert>", 500),
        "nameless": (f"<Add>{words.item(f'{MAIL}/Domain', 'b.c')}</Add>", 400),
        "unknown": (f"<Copy><CmdID>78</CmdID>{words.item('./DevInfo/Man')}</Copy>", 400),
        "empty": ("<Add><CmdID>79</CmdID></Add>", 400),
    }[what]
    codes = [code for _, code in desk.say(words.atomic(words.add(f"{MAIL}/EmailAddress", "a@b.c"), child))]
    assert codes == [507, 216, code]
    assert desk.results == {}
    assert not desk.machine.state.nodes


def test_add_then_replace_of_one_node_in_an_atomic_is_500(desk: Any) -> None:
    words = desk.words
    node = f"{MAIL}/ServerName"
    codes = [code for _, code in desk.say(words.atomic(words.add(node, "a"), words.replace(node, "b")))]
    assert codes == [507, 216, 500]


def test_what_was_executed_in_a_failed_atomic_cannot_be_undone_516(desk: Any) -> None:
    words = desk.words
    atomic = words.atomic(words.execute("./Device/Vendor/MSFT/Reboot/RebootNow"), words.delete("./Vendor/MSFT/Nothing"))
    assert desk.say(atomic) == [("Atomic", 516), ("Exec", 516), ("Delete", 404)]
    assert desk.device.condition.reboots == 1


def test_a_failed_atomic_brings_back_what_it_deleted(desk: Any) -> None:
    words = desk.words
    desk.say(words.add(f"{MAIL}/EmailAddress", "a@b.c"), words.add(f"{MAIL}/ServerName", "mail.b.c"))
    before = desk.machine.snapshot()
    assert before.accounts
    assert desk.say(words.atomic(words.delete(MAIL), words.get("./DevInfo/Man")))[0] == ("Atomic", 507)
    assert desk.machine.snapshot() == before


def test_trap_22_user_nodes_are_405_while_nobody_is_logged_in(desks: Any) -> None:
    desk = desks(user=False)
    assert desk.code(desk.words.add(f"{MAIL}/EmailAddress", "a@b.c")) == 405
    assert desk.code(desk.words.get("./Device/Vendor/MSFT/RootCATrustedCertificates/Root")) == 200


def test_trap_23_unenroll_ends_the_session_without_a_word(desk: Any) -> None:
    words = desk.words
    with pytest.raises(SessionAborted):
        desk.say(words.execute("./Device/Vendor/MSFT/DMClient/Unenroll", "MS DM Server"), words.get("./DevInfo/Man"))
    assert desk.machine.end is EnrollmentEnd.UNENROLL


def test_unenrolling_from_somebody_else_changes_nothing(desk: Any) -> None:
    assert desk.code(desk.words.execute("./Vendor/MSFT/DMClient/Unenroll", "Somebody")) == 404
    assert desk.machine.end is None


@pytest.mark.parametrize(
    ("node", "ending"),
    [
        ("doWipe", EnrollmentEnd.RESET),
        ("doWipeProtected", EnrollmentEnd.RESET),
        ("doWipePersistProvisionedData", EnrollmentEnd.RESET),
        ("doWipePersistUserData", EnrollmentEnd.RESET_KEEP_ENROLLMENT),
    ],
)
def test_a_wipe_is_accepted(desk: Any, node: str, ending: EnrollmentEnd) -> None:
    assert desk.code(desk.words.execute(f"./Device/Vendor/MSFT/RemoteWipe/{node}")) == 200
    assert desk.machine.end is ending


def test_a_phone_without_pin_cannot_be_locked(desks: Any) -> None:
    desk = desks(Platform.WINDOWS_10_MOBILE)
    lock = desk.words.execute("./Device/Vendor/MSFT/RemoteLock/Lock")
    assert desk.code(lock) == 405
    assert desk.code(desk.words.execute("./Device/Vendor/MSFT/RemoteLock/LockAndResetPIN")) == 200
    assert desk.read("./Device/Vendor/MSFT/RemoteLock/NewPINValue") == desk.device.condition.passcode
    desk.device.condition.locked = False
    assert desk.code(lock) == 200
    assert desk.device.condition.locked


def test_the_server_may_abort(desk: Any) -> None:
    assert desk.code("<Alert><CmdID>9</CmdID><Data>1223</Data></Alert>") == 200
    assert desk.engine.aborted


def test_the_machine_survives_being_written_down(desk: Any) -> None:
    words = desk.words
    desk.say(words.add(f"{MAIL}/EmailAddress", "a@b.c"), words.add(f"{MAIL}/ServerName", "mail.b.c"))
    state = desk.machine.state
    assert type(state).from_document(state.document()) == state
    enrollment = desk.machine.enrollment
    assert type(enrollment).from_document(enrollment.document()).document() == enrollment.document()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"not xml",
        b"<SyncML/>",
        b"<Other><SyncHdr/><SyncBody/></Other>",
        b"<SyncML><SyncHdr><SessionID>1</SessionID></SyncHdr><SyncBody/></SyncML>",
        b'<!DOCTYPE SyncML [<!ENTITY a "b">]><SyncML>&a;</SyncML>',
        b"<SyncML>" + b"<a>" * 100 + b"</a>" * 100 + b"</SyncML>",
        b'<?xml version="1.0" encoding="klingon"?><SyncML/>',
    ],
)
def test_a_message_that_is_none_is_refused(message: bytes) -> None:
    with pytest.raises(AnswerBroken):
        server_message(message)


def test_a_status_whose_code_is_no_number_is_refused(words: Any) -> None:
    status = "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>fine</Data></Status>"
    with pytest.raises(AnswerBroken, match="fine"):
        server_message(words.message(status))


def test_a_message_without_final_is_read(words: Any) -> None:
    message = server_message(words.message().replace(b"<Final/>", b""))
    assert (message.final, message.commands, message.session_status) == (False, (), None)
