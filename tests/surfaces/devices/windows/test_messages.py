"""The three steps of an enrolment, and the messages of OMA-DM, as they are read and answered."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.xml import Malformed
from fauxtune.surfaces.devices.windows.messages import mde2, soap, syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Command, Reply
from tests.support.devices import windows_messages
from tests.support.devices.windows import Answer, anywhere, text


def discover(**asked: object) -> mde2.Discover:
    return mde2.discover(soap.read(windows_messages.discover(**asked), soap.DISCOVER))  # type: ignore[arg-type]


def proof(security: str) -> soap.Proof:
    return soap.proof(soap.read(windows_messages.get_policies(security), soap.GET_POLICIES).security)


def message(body: str = "", *, session: str = "1F", number: int = 1, largest: int | None = None) -> syncml.Message:
    return syncml.read(windows_messages.sync(session, number, body, source="D", largest=largest))


def answered(body: str, *commands: Command, largest: int | None = None) -> Answer:
    reply = Reply(message(body, largest=largest), header_status=212)
    reply.statuses()
    for command in commands:
        reply.add(command)
    return Answer.of(reply.document())


def test_a_discovery_is_read_also_with_a_slash_at_the_end_of_its_namespace() -> None:
    result = discover()
    assert (result.email, result.device_type) == ("alice@contoso.example", "CIMClient_Windows")
    assert result.policies == ("OnPremise", "Federated")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("2.0", "3.0"),
        ("3.0", "3.0"),
        ("4.0", "4.0"),
        ("5.0", "5.0"),
        ("6.1", "5.0"),
        ("", "3.0"),
        ("x", "3.0"),
        ("²", "3.0"),
    ],
)
def test_the_version_to_go_on_with(asked: str, said: str) -> None:
    assert discover(version=asked).version == said


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), "OnPremise"),
        (("OnPremise",), "OnPremise"),
        (("Federated",), "Federated"),
        (("Certificate", "federated"), "Federated"),
    ],
)
def test_how_to_prove_oneself_is_something_that_was_offered(offered: tuple[str, ...], chosen: str) -> None:
    assert discover(policies=offered).policy == chosen


def test_a_client_that_can_nothing_that_we_can_is_refused() -> None:
    with pytest.raises(Invalid, match="only OnPremise and Federated are emulated"):
        assert discover(policies=("Certificate",)).policy


def test_the_address_of_the_page_goes_with_federated_alone() -> None:
    for offered, there in ((("OnPremise",), False), (("Federated",), True)):
        content = mde2.discovered(
            discover(policies=offered), policy_url="p", enrollment_url="e", sign_in_url="https://s"
        )
        assert ("AuthenticationServiceUrl" in content) == there


def test_a_name_with_its_password_is_a_proof_and_its_repr_keeps_it() -> None:
    result = proof(windows_messages.by_password("alice", "s3cret&<"))
    assert (result.username, result.password) == ("alice", "s3cret&<")
    assert "s3cret" not in repr(result)


@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_token_may_come_in_either_alphabet(alphabet: object) -> None:
    token = "ÿþ~?>ÿ?"  # both alphabets differ for it
    packed = alphabet(token.encode()).decode()  # type: ignore[operator]
    for text_ in (packed, packed.rstrip("="), f"\n  {packed[:4]}\n{packed[4:]}\t"):
        result = proof(windows_messages.by_token("", packed=text_))
        assert (result.kind, result.token) == (soap.USER_TOKEN, token)


def test_a_web_token_is_told_from_an_enrolment_token() -> None:
    assert proof(windows_messages.by_token("a.b.c", kind=windows_messages.JWT)).kind == soap.JWT


@pytest.mark.parametrize("packed", ["", "=", "!!!", "a", "YQ==YQ==", "YWJj*", "//7/", "é", "a" * 100_000])
def test_a_token_that_is_garbage_is_refused(packed: str) -> None:
    with pytest.raises(Invalid, match="BinarySecurityToken") as refusal:
        proof(windows_messages.by_token("", packed=packed))
    assert refusal.value.target == "security"


def test_a_token_of_another_kind_is_refused() -> None:
    with pytest.raises(Invalid, match="urn:x"):
        proof(windows_messages.by_token("t", kind="urn:x"))


def test_who_says_nothing_proves_nothing() -> None:
    assert proof("") == soap.Proof()
    assert proof("<wsse:Timestamp/>") == soap.Proof()
    assert proof("<wsse:UsernameToken/>") == soap.Proof()


@pytest.mark.parametrize(
    "document",
    [
        b"<Envelope/>",
        b"<a/>",
        windows_messages.envelope(soap.DISCOVER.request, ""),
        windows_messages.envelope("", "<Discover/>"),
        windows_messages.envelope("urn:unknown/Action", "<Discover/>"),
        windows_messages.envelope(soap.REQUEST_TOKEN.request, "<Discover/>"),
    ],
)
def test_another_action_or_no_envelope_is_refused(document: bytes) -> None:
    with pytest.raises(Invalid):
        soap.read(document, soap.DISCOVER)


@pytest.mark.parametrize("body", ["<Discover/>", "<request/>", "<GetPolicies><request/></GetPolicies>"])
def test_another_body_is_refused(body: str) -> None:
    with pytest.raises(Invalid):
        mde2.discover(soap.read(windows_messages.envelope(soap.DISCOVER.request, body), soap.DISCOVER))
    with pytest.raises(Invalid):
        mde2.token_request(soap.read(windows_messages.envelope(soap.REQUEST_TOKEN.request, body), soap.REQUEST_TOKEN))
    if "GetPolicies" not in body:
        with pytest.raises(Invalid):
            mde2.check_policies_request(
                soap.read(windows_messages.envelope(soap.GET_POLICIES.request, body), soap.GET_POLICIES)
            )


def token_request(**asked: object) -> mde2.TokenRequest:
    items = [("DeviceID", "D"), ("MAC", "1"), ("MAC", "2"), ("IMEI", ""), ("IMEI", "3")]
    document = windows_messages.request_token(b"csr" * 40, items, security="", **asked)  # type: ignore[arg-type]
    return mde2.token_request(soap.read(document, soap.REQUEST_TOKEN))


def test_context_items_are_trimmed_and_may_repeat() -> None:
    result = token_request()
    assert result.certificate_request == b"csr" * 40
    assert (result.item("DeviceID"), result.item("deviceid"), result.item("Nothing")) == ("D", "D", "")
    assert (result.items["mac"], result.item("IMEI")) == (("1", "2"), "3")
    assert (result.renews, result.signed) == (False, False)


def test_a_renewal_is_signed() -> None:
    result = token_request(kind="Renew")
    assert (result.renews, result.signed) == (True, True)


@pytest.mark.parametrize("asked", [{"kind": "Cancel"}, {"packed": "?"}, {"packed": ""}])
def test_another_kind_of_request_and_a_broken_certificate_request_are_refused(asked: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        token_request(**asked)


def test_a_certificate_request_in_pem_is_told_that_it_is_pem() -> None:
    with pytest.raises(Invalid, match="is PEM; it must be the base64 of the DER"):
        token_request(packed="-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----\n")


def test_an_answer_relates_to_its_request_and_one_with_a_token_says_how_long_it_is_good() -> None:
    now = datetime(2026, 11, 24, 10, 0, 0, 250_000, tzinfo=UTC)
    document = soap.answer(soap.REQUEST_TOKEN, "<x/>", relates_to=windows_messages.MESSAGE_ID, activity="a", now=now)
    root = ElementTree.fromstring(document)
    assert anywhere(root, "RelatesTo").text == windows_messages.MESSAGE_ID
    assert anywhere(root, "Action").text == soap.REQUEST_TOKEN.response
    stamp = anywhere(root, "Timestamp")
    assert (text(stamp, "Created"), text(stamp, "Expires")) == ("2026-11-24T09:55:00.250Z", "2026-11-24T10:05:00.250Z")
    assert b"Timestamp" not in soap.answer(soap.DISCOVER, "<x/>", relates_to="", activity="a")


def test_a_fault_is_soap_1_2() -> None:
    root = ElementTree.fromstring(soap.fault(soap.Fault("s:Authentication", "No."), relates_to="m", activity="a"))
    fault = anywhere(root, "Fault")
    assert [element.tag.rpartition("}")[2] for element in fault] == ["Code", "Reason"]
    assert (text(fault, "Code", "Value"), text(fault, "Code", "Subcode", "Value")) == ("s:Receiver", "s:Authentication")
    assert text(fault, "Reason", "Text") == "No."


def test_policies_say_key_length_and_hash() -> None:
    root = ElementTree.fromstring(
        soap.answer(soap.GET_POLICIES, mde2.policies("id", days=1), relates_to="", activity="")
    )
    assert (anywhere(root, "minimalKeyLength").text, anywhere(root, "validityPeriodSeconds").text) == ("2048", "86400")
    assert (anywhere(root, "value").text, anywhere(root, "oIDReferenceID").text) == ("2.16.840.1.101.3.4.2.1", "0")


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
