"""The example messages of tests/wire/windows: the server writes those that begin with `server-`, and reads the others.

`python -m tests.surfaces.devices.windows.test_wire_examples` writes the former anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fauxtune.core.model.actions import DeviceAction, StepKind
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Claim, LedgerRow, email_key, pkcs_key, root_key, scep_key, setting_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.policies.app_kinds import Way
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import AppDelivery, AppFile, Step
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.windows import csp, session, translate
from fauxtune.surfaces.devices.windows.messages import mde2, provisioning, soap, syncml
from fauxtune.surfaces.devices.windows.messages.provisioning import Cadence, Provisioning
from fauxtune.surfaces.devices.windows.messages.syncml import Reply
from tests.support.devices import windows_messages

WIRE = Path(__file__).parents[3] / "wire"
FOLDER = WIRE / "windows"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TENANT, DEVICE = "c0ffee00-0000-4000-8000-000000000001", "0d3b1a52-6d1b-4b8e-9a55-0c2f6b7a9e01"
ORIGIN = "https://localhost:8443"
PROFILE, MAIL = ProfileId("7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01"), ProfileId("91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11")
ACTIVITY = "4d3b6a30-4f2e-4f7b-b9a3-8d1f5e0c7a11"
THUMBPRINT = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def android(name: str) -> Any:
    return json.loads((WIRE / "android" / f"{name}.json").read_text())


def certificates() -> tuple[bytes, bytes]:
    """A root and an identity, those of Android's examples."""
    policy, answer = android("policy"), android("enroll-answer")
    return base64.b64decode(policy["caCerts"][0]["x509"]), base64.b64decode(answer["identityCertificate"])


def setup() -> str:
    root, identity = certificates()
    return provisioning.document(
        Provisioning(
            root=root,
            issuer=root,
            identity=identity,
            common_name=DEVICE,
            per_machine=False,
            provider=csp.DESKTOP_PROVIDER,
            management_url=f"{ORIGIN}/mdm/{TENANT}/windows/ManagementServer/MDM.svc",
            push_url=f"{ORIGIN}/push/{TENANT}/qk3Yw1aZ",
            device_id=DEVICE,
            device_name="DESKTOP-H1T20J1",
            user="alice@contoso.example",
            cadence=Cadence((5, 3), (8, 15)),
            nonce="a nonce",
        )
    )


def items() -> list[Deliverable]:
    pair = android("policy")["keyPairs"][0]
    root = certificates()[0]
    account = Account(
        kind="windows10EasEmailProfileConfiguration",
        host="mail.contoso.example",
        address="alice@contoso.example",
        username="CONTOSO\\alice",
        settings={
            "accountName": "Work",
            "requireSsl": True,
            "emailSyncSchedule": "asMessagesArrive",
            "durationOfEmailToSync": "oneMonth",
            "syncCalendar": True,
            "syncContacts": True,
            "syncTasks": False,
        },
    )
    claims = (Claim(PROFILE, "a"),)
    sha1 = provisioning.thumbprint(root).lower()
    rows = (
        LedgerRow(root_key("ab" * 32, "computerCertStoreRoot"), Source.ROOT, ItemState.SENT, "f", thumbprint=sha1),
        LedgerRow(pkcs_key(PROFILE), Source.PKCS, ItemState.SENT, "f", thumbprint=THUMBPRINT, claims=claims),
        LedgerRow(email_key(MAIL), Source.EMAIL, ItemState.SENT, "f"),
    )
    return [
        Deliverable(rows[0], certificate=root),
        Deliverable(rows[1], pfx=base64.b64decode(pair["pkcs12"]), sealed=base64.b64decode(pair["encryptedPassword"])),
        Deliverable(rows[2], account=account),
    ]


def requested() -> Step:
    """A certificate that the device is to request itself."""
    request = ScepRequest(
        urls=("https://ndes.contoso.example/certsrv/mscep/mscep.dll",),
        subject="CN=alice,O=Contoso",
        names=(("emailAddress", "alice@contoso.example"), ("userPrincipalName", "alice@contoso.example")),
        key_usages=("digitalSignature", "keyEncipherment"),
        key_size=2048,
        hash_algorithm="sha2",
        extended_key_usages=("1.3.6.1.5.5.7.3.4",),
        days=365,
        renew_percent=20,
    )
    delivery = ScepDelivery(request, request.urls[0], "Y2hhbGxlbmdl", ca_thumbprint=THUMBPRINT)
    row = LedgerRow(scep_key(PROFILE), Source.SCEP, ItemState.SENT, "f", claims=(Claim(PROFILE, "a"),))
    return Step("scep", StepKind.INSTALL, item=Deliverable(row, scep=delivery))


def settings() -> list[Step]:
    """Settings that the device is given and asked for, and one that it gives up."""
    nodes = {
        "./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera": ("int", 0),
        "./Device/Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall": ("bool", True),
        "./Device/Vendor/MSFT/Policy/Config/Defender/ExcludedPaths": ("chr", "C:\\Contoso|D:\\Build"),
    }
    rows, steps = [], []
    for number, (node, (form, value)) in enumerate(nodes.items()):
        unit = Unit((Setting(node, form, value),))
        row = LedgerRow(setting_key(node), Source.SETTING, ItemState.SENT, unit.fingerprint, payload=unit.encode())
        rows.append(row)
        steps.append(Step(str(number), StepKind.INSTALL, item=Deliverable(row, unit=unit)))
    steps.append(Step("q", StepKind.QUESTION, part=csp.SETTINGS, held=tuple(rows)))
    return [*steps, Step("r", StepKind.REMOVE, item=Deliverable(rows[0]))]


def around(variant: Variant = Variant.WINDOWS) -> translate.TranslationContext:
    profiles: dict[str, dict[str, Any]] = {PROFILE: {"keyStorageProvider": "useSoftwareKsp"}}
    # The example has a key that can be exported, which there was in 2020.
    return translate.TranslationContext(
        variant,
        Edition.APRIL_2020,
        profiles=profiles,
        content_url=lambda app: f"{ORIGIN}/blobs/{app.app_id}?sig=a%2Bb&se=x",
    )


def order(action: DeviceAction, scope: str, **details: Any) -> Order:
    return Order(id="o", action=action, created_at=NOW, scope=scope, details=details)


def told(steps: list[Step], *, opening: bool = True) -> bytes:
    body = (
        windows_messages.opening()
        if opening
        else windows_messages.status(1, message=1, command="0", name="SyncHdr", code=200)
    )
    message = syncml.read(windows_messages.sync("1F", 1 if opening else 2, body, source=DEVICE))
    reply = Reply(message, header_status=212 if opening else 200)
    reply.statuses()
    for step in steps:
        for command in translate.commands(step, around()):
            assert reply.add(command) is not None
    return reply.document()


#: An MSI file, a package of the organisation, and one of the store.
APPS = (
    AppDelivery(
        "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}",
        Way.MSI,
        app_id="1",
        document={"productVersion": "4.2.0", "commandLine": "/quiet /norestart"},
        file=AppFile("f1", "orders.msi", 5056, hashlib.sha256(b"package").hexdigest()),
    ),
    AppDelivery(
        "Contoso.Board_8wekyb3d8bbwe",
        Way.HOSTED,
        app_id="2",
        document={},
        file=AppFile("f2", "board.appx", 5056, None),
    ),
    AppDelivery(
        "Microsoft.Whiteboard_8wekyb3d8bbwe", Way.WINDOWS_STORE, app_id="3", document={"productKey": "9MSPC6MP8FM4"}
    ),
)


def action_commands(action: DeviceAction, scope: str, **details: Any) -> bytes:
    return told([Step("s", StepKind.ACTION, order=order(action, scope, **details))])


def examples() -> dict[str, bytes]:
    """Name -> what the server sends."""
    discover = mde2.Discover("", "5.0", "CIMClient_Windows", ("OnPremise", "Federated"))
    base = f"{ORIGIN}/mdm/{TENANT}/windows"
    discovered = mde2.discovered(
        discover,
        policy_url=f"{base}/EnrollmentServer/Policy.svc",
        enrollment_url=f"{base}/EnrollmentServer/Enrollment.svc",
        sign_in_url=f"{base}/auth",
    )
    how: dict[str, Any] = {"relates_to": windows_messages.MESSAGE_ID, "activity": ACTIVITY}
    refusal = soap.Fault("s:Authorization", "alice@contoso.example has no licence.", "UserLicense")
    install = [Step(str(number), StepKind.INSTALL, item=item) for number, item in enumerate(items())]
    remove = [Step(str(number), StepKind.REMOVE, item=Deliverable(item.row)) for number, item in enumerate(items())]
    root, identity = certificates()
    parts = (
        *(part for part in session.ADAPTER.inventory_parts(Variant.WINDOWS) if part != csp.SCEP),
        *session.ADAPTER.information_parts(Variant.WINDOWS, known={}),
    )
    message = syncml.read(windows_messages.sync("1F", 1, windows_messages.opening(), source=DEVICE))
    return {
        "server-discover-response": soap.answer(soap.DISCOVER, discovered, **how),
        "server-policies-response": soap.answer(soap.GET_POLICIES, mde2.policies(TENANT, days=3650), **how),
        "server-token-response": soap.answer(soap.REQUEST_TOKEN, mde2.token_answer(setup()), **how, now=NOW),
        "server-provisioning": base64.b64decode(setup()),
        "server-renewal-provisioning": base64.b64decode(
            provisioning.renewed(identity, root=root, issuer=root, per_machine=False)
        ),
        "server-fault": soap.fault(refusal, **how),
        "server-session-install": told(install),
        "server-session-questions": told([Step(part, StepKind.QUESTION, part=part) for part in parts], opening=False),
        "server-session-remove": told(remove),
        "server-session-scep": told([requested(), Step("q", StepKind.QUESTION, part=csp.SCEP)]),
        "server-session-apps": told([Step(app.app_id, StepKind.INSTALL_APP, apps=(app,)) for app in APPS]),
        "server-session-app-questions": told([Step("q", StepKind.LIST_APPS, apps=APPS)], opening=False),
        "server-session-app-removals": told([Step(app.app_id, StepKind.REMOVE_APP, apps=(app,)) for app in APPS]),
        "server-session-settings": told(settings()),
        "server-session-retire": action_commands(DeviceAction.RETIRE, "COMPANY_DATA"),
        "server-session-wipe": action_commands(DeviceAction.WIPE, "DEVICE", useProtectedWipe=True),
        "server-session-over": told([], opening=False),
        "server-session-refused": session.refused(message, syncml.FORBIDDEN, why="The enrolment has ended."),
    }


@pytest.mark.parametrize("name", sorted(examples()))
def test_the_server_writes_the_example(name: str) -> None:
    assert examples()[name] == (FOLDER / f"{name}.xml").read_bytes().rstrip(b"\n")


def test_no_example_of_the_server_is_without_its_test() -> None:
    assert {path.stem for path in FOLDER.glob("server-*.xml")} == set(examples())


def _of_devices(word: str) -> list[Path]:
    return [path for path in sorted(FOLDER.glob("device-*.xml")) if word in path.name]


def test_requests_to_discover_are_read() -> None:
    for file in _of_devices("discover"):
        assert mde2.discover(soap.read(file.read_bytes(), soap.DISCOVER)).version in ("3.0", "4.0", "5.0"), file


def test_requests_for_policies_are_read() -> None:
    for file in _of_devices("policies"):
        request = soap.read(file.read_bytes(), soap.GET_POLICIES)
        mde2.check_policies_request(request)
        assert soap.proof(request.security) != soap.Proof(), file


def test_requests_for_a_certificate_are_read() -> None:
    for file in (*_of_devices("token"), *_of_devices("renew")):
        request = soap.read(file.read_bytes(), soap.REQUEST_TOKEN)
        token_request = mde2.token_request(request)
        assert token_request.certificate_request.startswith(b"\x30"), file
        assert token_request.renews == ("renew" in file.name), file
        assert token_request.renews or token_request.item("DeviceID"), file


def test_messages_of_sessions_are_read() -> None:
    for file in _of_devices("session"):
        message = syncml.read(file.read_bytes())
        assert message.session, file
        assert message.source, file
        assert message.commands or message.statuses, file


if __name__ == "__main__":
    for name, document in examples().items():
        (FOLDER / f"{name}.xml").write_bytes(document + b"\n")
