"""A tenant in which everything that the console shows exists, under names that are hostile or Arabic."""

from __future__ import annotations

from contextlib import suppress

from fauxtune.core.administration import approvals, devices, directory, emulation, policies, profiles, state
from fauxtune.core.administration.assignments import to_all_users, to_group
from fauxtune.core.administration.choices import Purpose
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune_sim.errors import ServerRefused
from fauxtune_sim.platforms import Platform
from tests.support.console_tenant import ConsoleTenant

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ARABIC = "موظفو المبيعات (٣)"
_DEVICES = "/deviceManagement/managedDevices"
_CONFIGURATIONS = "/deviceManagement/deviceEnrollmentConfigurations"
_PLATFORMS = (ProfilePlatform.ANDROID, ProfilePlatform.IOS, ProfilePlatform.WINDOWS)


def populate(tenant: ConsoleTenant) -> None:
    """Create people, groups, profiles and devices: at rest, failed, waiting, wiped; and a refused request."""
    _people(tenant)
    _profiles(tenant)
    tenant.import_certificate("alice")
    _mail(tenant)
    tenant.enroll("alice", name=HOSTILE)
    tenant.enroll("alice", platform=Platform.IOS, name=ARABIC)
    tenant.enroll("bob", platform=Platform.WINDOWS)
    gone = tenant.enroll("alice", platform=Platform.IOS, name=f"{ARABIC} 2")
    tenant.settle()
    (record,) = (item for item in tenant.graph("GET", _DEVICES)["value"] if item["deviceName"] == gone.device.name)
    tenant.send(devices.wipe_device(record["id"]))
    tenant.settle()
    tenant.send(emulation.create_template("issuing", name="Hold"))
    issued = tenant.send(emulation.issue_certificate("Hold", user=tenant.upn("bob")))
    tenant.send(emulation.revoke_certificate(issued["serial"], reason="certificateHold"))
    (connector,) = tenant.control("GET", "/connectors")["value"]
    tenant.send(emulation.create_connector(HOSTILE, roles=["revocation"], mode="polling"))
    tenant.send(emulation.change_connector(connector["id"], state="offline"))
    tenant.enroll("bob", name="x" * 60)  # its certificates wait for the connector
    # One that no page of this tenant meets, and one that can never strike.
    tenant.send(emulation.add_fault({"status": 429, "retryAfter": 7}, match={"user": HOSTILE}, name=ARABIC))
    tenant.send(
        emulation.add_fault({"latency": 1.5}, match={"path": f"/{HOSTILE}"}, when={"probability": 0.2, "seed": 7})
    )
    tenant.send(devices.add_hosted_device(tenant.upn("bob"), platform="ios", name=f"{ARABIC} 3"))
    tenant.send(devices.let_hosted_device_refuse(f"{ARABIC} 3", items=["imported"]))
    _enrollment(tenant)
    _managed(tenant)
    _approvals(tenant)
    tenant.send(state.create_snapshot("before the lesson"))
    wrong = {"grant_type": "client_credentials", "client_id": HOSTILE, "client_secret": "wrong"}
    assert tenant.http.post(f"/{tenant.document['id']}/oauth2/v2.0/token", data=wrong).is_error


def _managed(tenant: ConsoleTenant) -> None:
    """Create a compliance policy that is assigned, an app, and a script of each kind."""
    settings = {"passcodeRequired": True}
    policy = tenant.send(policies.create_compliance(HOSTILE, platform=ProfilePlatform.IOS, settings=settings))
    (of,) = policies.COLLECTIONS["compliance"]
    tenant.send(policies.assign(of, policy["id"], present=[], targets=[to_all_users()]))
    tenant.send(policies.create_app(ARABIC, kind="web", value="https://wiki.example", publisher=HOSTILE, settings={}))
    for kind in policies.SCRIPT_KINDS:
        remedy = b"exit 0" if kind == "remediation" else None
        name = f"{kind} {HOSTILE}"[:60]
        tenant.send(
            policies.create_script(name, kind=kind, content=b"exit 0", file_name="x", settings={}, remediation=remedy)
        )


def _approvals(tenant: ConsoleTenant) -> None:
    """Create policies, and requests that wait."""
    groups = [tenant.group_id(ARABIC), tenant.group_id("SMIME Pilot")]
    for name, kind in ((HOSTILE, "tenantConfiguration"), (ARABIC, "deviceRetire")):
        tenant.send(approvals.create_policy(name, policy_type=kind, approvers=groups))
    category = AdminRequest("POST", "/deviceManagement/deviceCategories", {"displayName": ARABIC})
    for why in (HOSTILE, f"{ARABIC} {'x' * 900}"):
        answer = tenant.answer(approvals.asking(category, justification=why))
        assert answer.status_code == 403, answer.text


def _enrollment(tenant: ConsoleTenant) -> None:
    """Create a restriction that refused a device, and an Autopilot device with its profile."""
    kind = "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration"
    rule = {"platformBlocked": True, "osMinimumVersion": HOSTILE}
    body = {"@odata.type": kind, "displayName": HOSTILE, "platformType": "mac", "platformRestriction": rule}
    made = tenant.graph("POST", _CONFIGURATIONS, body)
    target = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    path = f"{_CONFIGURATIONS}/{made['id']}/assign"
    tenant.graph("POST", path, {"enrollmentConfigurationAssignments": [target]})
    with suppress(ServerRefused):
        tenant.enroll("bob", platform=Platform.MACOS)
    hashed = {"serialNumber": ARABIC, "hardwareIdentifier": "T0EzeA==", "groupTag": HOSTILE}
    tenant.graph("POST", "/deviceManagement/importedWindowsAutopilotDeviceIdentities", hashed)
    tenant.control("POST", "/clock/advance", {"by": "PT1M"})


def _mail(tenant: ConsoleTenant) -> None:
    """Publish what is right, and what is wrong; write mail in clear and encrypted; and a hostile message."""
    alice, bob = tenant.upn("alice"), tenant.upn("bob")
    (issued,) = tenant.control("GET", f"/certificates?userPrincipalName={alice}")["value"]
    for address in (alice, bob, "partner@fabrikam.example"):
        tenant.send(emulation.publish_certificate(address, thumbprint=issued["thumbprint"]))
    tenant.send(emulation.send_text(bob, to=[alice], subject=ARABIC, text=f"{ARABIC}\n{HOSTILE}", encrypt=True))
    tenant.send(emulation.send_text(alice, to=[alice, bob], subject=HOSTILE, text=f"{ARABIC}\n{HOSTILE}"))
    hostile = f"From: {HOSTILE}\r\nSubject: {'x' * 300}\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n"
    parts = "".join(f"--b\r\nContent-Type: text/html; name={ARABIC}\r\n\r\n{HOSTILE}\r\n" for _ in range(2))
    sent = tenant.http.post(
        f"/_fauxtune/v1/tenants/{tenant.name}/messages",
        params={"to": alice},
        content=f"{hostile}{parts}--b--\r\n".encode(),
        headers={"content-type": "message/rfc822"},
    )
    assert sent.status_code == 201, sent.text


def _people(tenant: ConsoleTenant) -> None:
    for user, name in (("alice", HOSTILE), ("bob", ARABIC)):
        tenant.graph("PATCH", f"/users/{tenant.upn(user)}", {"displayName": name})
    members = [tenant.user_id(user) for user in ("alice", "bob")]
    for name in (HOSTILE, ARABIC, "x" * 200):
        tenant.send(directory.create_group(name, description=name, members=members))


def _profiles(tenant: ConsoleTenant) -> None:
    root = tenant.http.get(f"/pki/{tenant.name}/root/ca.cer").content
    issuer = profiles.Issuer(tenant.document["certificationAuthority"], tenant.document["certificationAuthorityName"])
    tenant.give(*profiles.create_root(HOSTILE, platforms=_PLATFORMS, certificate=root), to=to_all_users())
    signing = profiles.create_pkcs(
        ARABIC, platforms=_PLATFORMS, issuer=issuer, template="SmimeP256", description=HOSTILE
    )
    tenant.give(*signing, to=to_group(tenant.group_id(ARABIC)))
    tenant.give(
        *profiles.create_imported("Files", platforms=_PLATFORMS, purpose=Purpose.ENCRYPTION, description=ARABIC),
        to=to_all_users(),
    )
    account = profiles.MailAccount("mail.contoso.example", HOSTILE[:30], signing={}, encryption={})
    tenant.give(*profiles.create_email("Mail", platforms=[ProfilePlatform.IOS], account=account), to=to_all_users())
