"""Messages of OMA-DM as they are read and answered."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from fauxtune.core.formats.xml import Malformed
from fauxtune.surfaces.devices.windows.messages import syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Command, Reply
from tests.support.devices import windows_messages
from tests.support.devices.windows import Answer


def message(body: str = "", *, session: str = "1F", number: int = 1, largest: int | None = None) -> syncml.Message:
    return syncml.read(windows_messages.sync(session, number, body, source="D", largest=largest))


def answered(body: str, *commands: Command, largest: int | None = None) -> Answer:
    reply = Reply(message(body, largest=largest), header_status=212)
    reply.statuses()
    for command in commands:
        reply.add(command)
    return Answer.of(reply.document())


def test_an_opening_message_is_read() -> None:
    result = message(windows_messages.opening() + windows_messages.UNENROLLED)
    assert (result.session, result.number, result.source) == ("1F", 1, "D")
    assert [(command.name, command.data) for command in result.commands] == [
        ("Alert", "1201"),
        ("Alert", "1224"),
        ("Replace", ""),
        ("Alert", "1226"),
    ]
    assert result.alerted("1224", syncml.LOGIN_STATUS) == "user"
    assert result.alerted("1226", syncml.UNENROLLED) == "1"
    assert result.alerted("1226", syncml.LOGIN_STATUS) is None
    assert [item.data for item in result.commands[2].items] == ["x", "Contoso", "Tablet", "1.3", "en-US"]


@pytest.mark.parametrize(
    "document",
    [
        b"<SyncML/>",
        b"<SyncBody/>",
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1</MsgID>", b""),
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1<", b"<MsgID>0<"),
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1<", b"<MsgID>-1<"),
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1<", b"<MsgID>0x1<"),
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1<", "<MsgID>١<".encode()),
        windows_messages.sync("1", 1, "", source="D").replace(b"<MsgID>1<", b"<MsgID>12345678901<"),
        windows_messages.sync("", 1, "", source="D"),
        windows_messages.sync("1", 1, "", source=""),
        b"\x02\x00\x00\x6a",  # WBXML
    ],
)
def test_a_message_without_a_usable_header_is_refused(document: bytes) -> None:
    with pytest.raises(Malformed):
        syncml.read(document)


def test_statuses_and_results_are_read_and_what_is_no_status_is_not() -> None:
    body = windows_messages.status(1, message=1, command="7", name="Add", code=418)
    body += "<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>8</CmdRef><Data>fine</Data></Status>"
    body += "<Status><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>9</CmdRef><TargetRef>./a</TargetRef>"
    body += "<Data>200</Data></Status>"
    body += windows_messages.results(4, message=1, command="9", uri="./a", data=" b/c ") + "<Results/>"
    result = message(body)
    assert [(status.message, status.command, status.code, status.targets) for status in result.statuses] == [
        ("1", "7", 418, ()),
        ("1", "9", 200, ("./a",)),
    ]
    assert [item.data for item in result.results[0].items] == ["b/c"]


def test_a_message_may_lack_final_and_its_size_is_capped() -> None:
    result = syncml.read(windows_messages.sync("1", 1, windows_messages.opening(), source="D", final=False))
    assert (len(result.commands), result.largest) == (3, syncml.USUAL_SIZE)
    assert message(largest=5000).largest == 5000
    assert message(largest=999_999_999).largest == syncml.USUAL_SIZE
    assert message(largest=0).largest == syncml.USUAL_SIZE


def test_the_answer_has_a_status_for_everything_and_says_final() -> None:
    answer = answered(windows_messages.opening())
    assert (answer.session, answer.number, answer.is_final) == ("1F", "1", True)
    assert answer.statuses == {"0": "212", "2": "200", "3": "200", "9": "200"}
    assert not answer.commands


def test_what_a_server_has_no_tree_for_and_what_nobody_knows_is_refused_by_itself() -> None:
    body = "<Get><CmdID>5</CmdID></Get><Juggle><CmdID>6</CmdID></Juggle><Alert><Data>1201</Data></Alert>"
    assert answered(body).statuses == {"0": "212", "5": "405", "6": "400"}


def test_numbers_are_unique_in_a_message_also_those_of_the_parts_of_an_atomic() -> None:
    parts = tuple(Command("Add", f"./x/{name}", "1", "int") for name in "ab")
    answer = answered(windows_messages.opening(), Command("Atomic", parts=parts), Command("Get", "./y"))
    assert len(set(answer.numbers)) == len(answer.numbers) == 8
    (atomic, get) = answer.commands
    assert [(part.name, part.uri, part.data, part.format) for part in atomic.parts] == [
        ("Add", "./x/a", "1", "int"),
        ("Add", "./x/b", "1", "int"),
    ]
    assert (get.name, get.uri, get.format) == ("Get", "./y", "")


def test_what_has_no_room_is_not_put_in() -> None:
    reply = Reply(message(largest=1500), header_status=212)
    added = [reply.add(Command("Add", f"./x/{number}", "a" * 200, "chr")) for number in range(5)]
    assert [each is not None for each in added] == [True, True, False, False, False]
    assert len(reply.document()) <= 1500
    assert not reply.fits_alone(Command("Add", "./x", "a" * 1500, "chr"))


def test_elements_are_in_their_namespaces() -> None:
    reply = Reply(message(), header_status=212)
    reply.add(Command("Add", "./x", "1", "int"))
    root = ElementTree.fromstring(reply.document())
    assert root.tag == "{SYNCML:SYNCML1.2}SyncML"
    assert {element.tag for element in root.iter() if element.tag.endswith(("Format", "Type"))} == {
        "{syncml:metinf}Format",
        "{syncml:metinf}Type",
    }


def test_a_command_is_kept_as_json_and_comes_back() -> None:
    command = Command("Atomic", role="atomic", parts=(Command("Add", "./x", "1", "int", role="part"),))
    assert Command.of(command.document()) == command
