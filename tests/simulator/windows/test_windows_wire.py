"""The examples of tests/wire/windows: what a device writes has their shape, and it reads what a server sends."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.cms.signed import verify
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, ServerRefused
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.platforms import Platform
from fauxtune_sim.scep.enroller import Issued
from fauxtune_sim.windows import machine, provisioning, soap
from fauxtune_sim.windows.exec_nodes import SessionAborted
from fauxtune_sim.windows.machine import Deployment, EnrollmentEnd
from fauxtune_sim.windows.mde2_enrollment import context_items
from fauxtune_sim.windows.scep import open_requests, send_requests
from fauxtune_sim.windows.syncml import (
    GENERIC,
    LOGIN_STATUS,
    UNENROLLMENT,
    Alert,
    ClientMessage,
    Item,
    Results,
    Status,
    Writer,
    server_message,
)

EXAMPLES = Path(__file__).parents[2] / "wire" / "windows"
KINDS = {
    "discover": "Discover",
    "policies": "GetPolicies",
    "token": "RequestSecurityToken",
    "renew": "RequestSecurityToken",
}
OID = x509.ObjectIdentifier("1.3.6.1.4.1.311.66.1.0")


def example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.xml").read_bytes()


def shape(data: bytes) -> Any:
    """The names and namespaces of a message with its attributes' names, without values."""

    def of(element: Any) -> Any:
        return element.tag, sorted(element.attrib), [of(one) for one in element]

    return of(ElementTree.fromstring(data))


@pytest.mark.parametrize(
    ("name", "platform", "how"),
    [
        ("discover", Platform.WINDOWS, "Federated"),
        ("discover-password", Platform.WINDOWS, "OnPremise"),
        ("discover-phone81", Platform.WINDOWS_PHONE_81, "Federated"),
    ],
)
def test_a_discovery_has_the_shape_of_the_example(name: str, platform: Platform, how: str) -> None:
    written = soap.discover(
        to="https://a/b", email="", version="5.0", device_type="x", os_version="10", edition="48", how=how
    )
    assert shape(written) == shape(example(f"device-{name}"))
    assert how.encode() in example(f"device-{name}")


RIGHTS: dict[str, soap.Credentials] = {
    "-password": soap.UserPassword("alice", "secret"),
    "": soap.Token("token"),
    "-jwt": soap.Token("e.y.J", jwt=True),
    "-phone81": soap.Token("token"),
    "-windows10mobile": soap.Token("token"),
}


@pytest.mark.parametrize("kind", ["-password", ""])
def test_a_question_for_policies_has_the_shape_of_the_example(kind: str) -> None:
    written = soap.get_policies(to="https://a/b", credentials=RIGHTS[kind])
    assert shape(written) == shape(example(f"device-policies{kind}"))


@pytest.mark.parametrize("kind", list(RIGHTS))
def test_a_request_for_a_token_has_the_shape_of_the_example(kind: str) -> None:
    platform = {"-phone81": Platform.WINDOWS_PHONE_81, "-windows10mobile": Platform.WINDOWS_10_MOBILE}.get(
        kind, Platform.WINDOWS
    )
    context = context_items(Device.new("name", platform=platform), device_id="device")
    written = soap.request_security_token(to="https://a/b", credentials=RIGHTS[kind], csr=b"csr" * 100, context=context)
    name = f"device-token{kind}"
    assert shape(written) == shape(example(name))
    names = [one.get("Name") for one in ElementTree.fromstring(example(name)).findall(".//{*}ContextItem")]
    assert names == [one for one, _ in context]
    # A server that looks for the text finds it (MS-MDE2 4.3.1.4).
    for data in (written, example(name)):
        assert data.count(b'<ac:ContextItem Name="') == data.count(b"<ac:Value>") == len(context)


def test_a_pc_that_was_told_its_profile_says_which_registered_device_it_is() -> None:
    device = Device.new("name", platform=Platform.WINDOWS)
    told = Deployment("PC-1", "Sales", "1b6f0c9e-6d0f-4f5e-9b0a-2f6f3d0c7a11", is_self_deploying=False)
    context = [*context_items(device, device_id="device"), *machine.context_items(device, told)]
    written = soap.request_security_token(to="https://a/b", credentials=RIGHTS[""], csr=b"csr" * 100, context=context)
    assert shape(written) == shape(example("device-token-autopilot"))
    names = [
        one.get("Name") for one in ElementTree.fromstring(example("device-token-autopilot")).iter() if one.get("Name")
    ]
    assert names == [one for one, _ in context]
    older = Device.new("name", platform=Platform.WINDOWS, os_version="1909")
    assert machine.context_items(older, None) == []
    assert [name for name, _ in machine.context_items(device, None)] == names[-4:-1]


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("PC-%SERIAL%", r"PC-7XKQ2"),
        ("%serial%-%RAND:3%", r"7XKQ2-[0-9]{3}"),
        ("K%RAND:20%", r"K[0-9]{14}"),
        ("KIOSK", r"KIOSK"),
    ],
)
def test_a_template_gives_the_name_of_a_pc(template: str, pattern: str) -> None:
    assert re.fullmatch(pattern, machine.computer_name(template, serial="7XKQ2"))


def test_a_hash_belongs_to_one_pc_and_a_phone_has_none() -> None:
    pc, other = Device.new(platform=Platform.WINDOWS), Device.new(platform=Platform.WINDOWS)
    assert machine.hardware_hash(pc) == machine.hardware_hash(pc) != machine.hardware_hash(other)
    assert base64.b64decode(machine.hardware_hash(pc)).startswith(b"OA3")
    with pytest.raises(NotAllowedHere, match="is no PC"):
        machine.hardware_hash(Device.new(platform=Platform.WINDOWS_10_MOBILE))


def test_a_renewal_has_the_shape_of_the_example_which_is_signed(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    context = context_items(Device.new("name", platform=Platform.WINDOWS), device_id="device")
    written = soap.renew_security_token(to="https://a/b", signed_request=b"cms" * 100, context=context)
    assert shape(written) == shape(example("device-renew"))
    encoded = ElementTree.fromstring(example("device-renew")).findtext(
        ".//{*}RequestSecurityToken/{*}BinarySecurityToken"
    )
    signature = verify(base64.b64decode("".join(str(encoded).split())))
    assert x509.load_der_x509_csr(signature.content).is_signature_valid


def test_trap_18_the_certificate_request_is_as_windows_makes_it(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    result = provisioning.certificate_request(raw_rsa_keys[0], device_id="7F3A2E44", hardware_id="AB" * 32)
    encoded = ElementTree.fromstring(example("device-token")).findtext(
        ".//{*}RequestSecurityToken/{*}BinarySecurityToken"
    )
    assert "\n" in str(encoded).strip()
    for der in (result, base64.b64decode("".join(str(encoded).split()))):
        csr = x509.load_der_x509_csr(der)
        assert csr.is_signature_valid
        usage = csr.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        private = csr.extensions.get_extension_for_oid(OID).value
        assert isinstance(private, x509.UnrecognizedExtension)
        assert private.value.startswith(b"7F3A2E44")


def test_a_renewal_is_signed_by_the_identity(pki: Any, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    csr = provisioning.certificate_request(raw_rsa_keys[0], device_id="A", hardware_id="B" * 64)
    certificate = pki.identity_certificate(csr)
    identity = DeviceIdentity(certificate=certificate, key=raw_rsa_keys[0])
    signed = provisioning.renewal_request(csr, identity=identity, now=certificate.not_valid_before_utc)
    assert verify(signed).content == csr
    assert verify(signed).signer == certificate


LOGIN = Alert("1224", type=LOGIN_STATUS, format="chr", data="user")
FACTS = [Item(source=f"./DevInfo/{name}", data="x") for name in ("DevId", "Man", "Mod", "DmV", "Lang")]


def statuses(*names: str) -> list[Status]:
    return [Status("1", "0", "SyncHdr", 200), *(Status("1", "5", name, 200) for name in names)]


def results(number: int) -> list[Results]:
    return [Results("1", "5", "./DevInfo/Man", "chr", "x")] * number


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first", ClientMessage(alerts=[Alert("1201"), LOGIN], facts=FACTS)),
        ("nobody-logged-in", ClientMessage(alerts=[Alert("1200"), LOGIN], facts=FACTS)),
        ("phone81", ClientMessage(alerts=[Alert("1200"), LOGIN], facts=FACTS)),
        (
            "unenrollment",
            ClientMessage(
                alerts=[Alert("1201"), LOGIN, Alert(GENERIC, type=UNENROLLMENT, format="int", data="1")], facts=FACTS
            ),
        ),
        (
            "installed",
            ClientMessage(statuses=statuses("Add", "Delete", "Atomic", *["Add"] * 5, "Get"), results=results(1)),
        ),
        ("inventory", ClientMessage(statuses=statuses(*["Get"] * 5), results=results(4))),
        ("wiped", ClientMessage(statuses=statuses("Exec"))),
        (
            "refused",
            ClientMessage(
                statuses=[
                    *statuses("Delete", "Atomic", *["Add"] * 5, "Get"),
                    *[Status("1", "13", "Add", code, target="./a") for code in (418, 200)],
                ],
                results=results(1),
            ),
        ),
    ],
)
def test_a_message_of_a_session_has_the_shape_of_the_example(name: str, said: ClientMessage) -> None:
    written = Writer(session="1", server="https://a/b", device="device").write(said)
    assert shape(written) == shape(example(f"device-session-{name}"))
    assert (b"<SessionID>1F<" in example(f"device-session-{name}")) == (name == "phone81")


@pytest.mark.parametrize("name", sorted(one.stem for one in EXAMPLES.glob("device-*.xml")))
def test_every_example_of_a_device_is_what_its_name_says(name: str) -> None:
    root = ElementTree.fromstring(example(name))
    if "session" in name:
        assert root.tag == "{SYNCML:SYNCML1.2}SyncML"
        numbers = [one.text for one in root.findall("./{*}SyncBody//{*}CmdID")]
        assert len(set(numbers)) == len(numbers)
        assert "0" not in numbers
    else:
        assert root[1][0].tag.rpartition("}")[2] == KINDS[name.split("-")[1]]


def test_the_answers_of_enrolment_are_read() -> None:
    discover_response = soap.read_discover_response(200, example("server-discover-response"))
    assert discover_response.policy_url.endswith("/Policy.svc")
    assert discover_response.enrollment_url.endswith("/Enrollment.svc")
    assert soap.minimal_key_length(200, example("server-policies-response")) == 2048
    document = soap.provisioning_document(200, example("server-token-response"))
    assert document == example("server-provisioning").strip()


def test_the_provisioning_document_is_read() -> None:
    provisioning_document = provisioning.read_provisioning_document(example("server-provisioning"))
    assert provisioning_document.provider == "MS DM Server"
    assert provisioning_document.address.endswith("/ManagementServer/MDM.svc")
    assert provisioning_document.settings["UPN",] == "alice@contoso.example"
    assert provisioning_document.settings["Poll", "NumberOfFirstRetries"] == "5"
    assert provisioning_document.settings["Push", "PFN"].startswith("https://")
    assert provisioning_document.renew_days == 42
    assert x509.load_der_x509_certificate(provisioning_document.identity)
    assert x509.load_der_x509_certificate(provisioning.read_renewed_certificate(example("server-renewal-provisioning")))


def test_a_fault_is_read() -> None:
    with pytest.raises(ServerRefused, match="no licence") as refused:
        soap.read_discover_response(500, example("server-fault"))
    assert refused.value.code == "0x80180018"


def test_a_refused_session_and_a_quiet_one_are_read() -> None:
    assert server_message(example("server-session-refused")).session_status == 403
    over = server_message(example("server-session-over"))
    assert (over.commands, over.final, over.session_status) == ((), True, 200)


def test_what_the_server_installs_is_carried_out(desk: Any) -> None:
    result = desk.engine.execute(server_message(example("server-session-install"))).statuses
    codes = [(one.name, one.code) for one in result]
    # The PFX of the example is none, so its import fails, and Status says with which number.
    assert codes[:11] == [
        ("SyncHdr", 200),
        ("Add", 200),
        ("Delete", 404),
        ("Atomic", 507),
        ("Add", 216),
        ("Add", 500),
        ("Add", 216),
        ("Add", 216),
        ("Add", 216),
        ("Get", 200),
        ("Delete", 404),
    ]
    assert codes[11] == ("Atomic", 200)
    assert {code for _, code in codes[11:]} == {200}
    assert len(desk.device.keystore.trusted) == 1
    (account,) = desk.device.accounts.values()
    assert (account.address, account.host) == ("alice@contoso.example", "mail.contoso.example")


async def test_what_the_server_lets_the_device_request_is_requested_and_shown(desk: Any, pki: Any) -> None:
    message = server_message(example("server-session-scep"))
    statuses = desk.engine.execute(message).statuses
    assert [(one.name, one.code) for one in statuses if one.code != 200] == [("Delete", 404)]
    (root,) = open_requests(desk.machine)
    sent: Any = Sent(pki.issue())
    await send_requests(desk.machine, sent)
    request = sent.settings.request
    assert (sent.settings.url, request.challenge) == (
        "https://ndes.contoso.example/certsrv/mscep/mscep.dll",
        "Y2hhbGxlbmdl",
    )
    assert request.subject == ((("O", "Contoso"),), (("CN", "alice"),))
    assert request.mail_names == request.principal_names == ("alice@contoso.example",)
    assert (request.key_usages, request.validity) == (("digital_signature", "key_encipherment"), ("Days", 365))
    values = [desk.machine.tree.value((*root, leaf)) for leaf in ("Status", "CertThumbprint")]
    assert values == ["1", sent.identity.thumbprint.upper()]


@dataclass(slots=True)
class Sent:
    """Stands for the enroller: keeps what was requested, and issues a certificate."""

    identity: Any
    settings: Any = None

    async def enroll(self, settings: Any, **_rest: Any) -> Any:
        self.settings = settings
        return Issued(self.identity)


def test_what_the_server_asks_is_answered(desk: Any) -> None:
    result = desk.engine.execute(server_message(example("server-session-questions")))
    assert {one.code for one in result.statuses} == {200}
    assert len(result.results) == len(result.statuses) - 1


def test_a_get_of_everything_below_a_node_is_answered_in_the_shape_of_the_example(desk: Any, words: Any) -> None:
    question = words.get("./Vendor/MSFT/DeviceStatus/NetworkIdentifiers?list=StructData")
    answer = desk.engine.execute(server_message(words.message(question)))
    writer = Writer("12", server="https://server", device="pc")
    assert shape(writer.write(answer)) == shape(example("device-session-network-cards"))


def test_what_the_server_removes_is_gone_already(desk: Any) -> None:
    result = desk.engine.execute(server_message(example("server-session-remove")))
    assert {(one.name, one.code) for one in result.statuses[1:]} == {("Delete", 404)}


def test_the_settings_that_the_server_gives_are_kept_shown_and_given_up(desk: Any) -> None:
    result = desk.engine.execute(server_message(example("server-session-settings")))
    ours = [(one.name, one.code) for one in result.statuses[1:]]
    assert ours == [("Replace", 200)] * 3 + [("Get", 200)] * 3 + [("Delete", 200)]
    assert [each.data for each in result.results] == ["0", "true", r"C:\Contoso|D:\Build"]
    assert desk.machine.state.settings() == {
        "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall": "true",
        "./Vendor/MSFT/Policy/Config/Defender/ExcludedPaths": r"C:\Contoso|D:\Build",
    }


def test_what_the_server_orders_is_done(desks: Any) -> None:
    desk = desks()
    with pytest.raises(SessionAborted):
        desk.engine.execute(server_message(example("server-session-retire")))
    assert desk.machine.end is EnrollmentEnd.UNENROLL
    desk = desks()
    result = desk.engine.execute(server_message(example("server-session-wipe")))
    assert [(one.name, one.code) for one in result.statuses[1:]] == [("Exec", 200)]
    assert desk.machine.end in {EnrollmentEnd.RESET, EnrollmentEnd.RESET_KEEP_ENROLLMENT}
