"""Alice's phones are well; then faults are planted one by one, and `fauxtune diagnose` names each, and no other.

The devices are simulated and know the protocols alone; the commands run as processes, as people run them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.administration.snippets import quoted
from tests.support.running_server import Running, fauxtune, serving

PROFILES = "/beta/deviceManagement/deviceConfigurations"
ALICE = "alice@contoso.example"
PLATFORMS = ("android", "ios")
#: Platform -> the beginnings of its kinds: trusted root and PKCS; imported PFX.
KINDS = {"android": ("androidWorkProfile", "androidForWork"), "ios": ("ios", "ios")}

Json = dict[str, Any]


@dataclass(slots=True)
class Office:
    """The administrator's desk, and the devices' folders."""

    server: Running
    http: httpx.Client
    folder: Path
    profiles: dict[str, str]

    def graph(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        return self.graph(method, f"/_fauxtune/v1/tenants/contoso{path}", body)

    def profile(self, name: str, kind: str, **document: Any) -> None:
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": name, **document}
        self.profiles[name] = str(self.graph("POST", PROFILES, body)["id"])
        self.assign(name, group="All Staff")

    def assign(self, name: str, *, group: str) -> None:
        entries = self.graph("GET", f"/v1.0/groups?$filter=displayName eq '{group}'")["value"]
        target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": entries[0]["id"]}
        self.graph("POST", f"{PROFILES}/{self.profiles[name]}/assign", {"assignments": [{"target": target}]})

    def certificate(self, template: str, *, purpose: str = "SmimeEncryption", **asked: str) -> str:
        """Issued at the CA's counter, imported by the command; its thumbprint."""
        issued = self.control("POST", "/certificates", {"template": template, "userPrincipalName": ALICE, **asked})
        file = self.folder / f"{issued['thumbprint']}.pfx"
        file.write_bytes(base64.b64decode(issued["pfx"]))
        command = ["pfx", "import", "--path-to-pfx-file", file, "--pfx-password", issued["pfxPassword"], "--upn", ALICE]
        self.run(*command, "--intended-purpose", purpose)
        return str(issued["thumbprint"])

    def run(self, *command: str | Path, code: int = 0) -> str:
        done = fauxtune(*command, "--data-dir", self.folder / "data", commands=self.server.commands)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def devices(self, command: str, *more: str) -> None:
        """All devices do this, one after the other."""
        for platform in PLATFORMS:
            results = [command, "--state", str(self.folder / platform), *more]
            if command == "enroll":
                results += ["--platform", platform, "--user", ALICE, "--server", self.server.https]
                results += ["--ca", str(self.server.endpoints["caFile"])]
            self.simulator(*results)

    def simulator(self, *given: str, code: int = 0) -> str:
        around = {"FAUXTUNE_DATA_DIR": str(self.folder / "data")}
        done = fauxtune(*given, program="fauxtune-sim", commands=self.server.commands, **around)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def signing(self, name: str, kind: str) -> None:
        self.profile(
            name,
            f"{kind}PkcsCertificateProfile",
            certificationAuthority="ca.contoso.example",
            certificationAuthorityName="Contoso Issuing CA",
            certificateTemplateName="SmimeSigning",
            subjectAlternativeNameType="emailAddress",
        )

    def codes(self, *asked: str, healthy: bool) -> set[str]:
        """What `fauxtune diagnose` finds; its exit code agrees."""
        document = json.loads(
            self.run("diagnose", *(asked or ("--user", ALICE)), "--output", "json", code=0 if healthy else 1)
        )
        assert document["healthy"] is healthy
        return {finding["code"] for finding in document["findings"]}


@pytest.fixture
def office(tmp_path: Path, commands: Path) -> Iterator[Office]:
    """Root, signing certificate and encryption history on an Android phone and an iPhone, all installed."""
    with serving("--data-dir", tmp_path / "data", commands=commands) as server, server.signed_in() as http:
        result = Office(server, http, tmp_path, {})
        root = base64.b64encode(http.get("/pki/contoso/root/ca.cer").content).decode()
        for platform, (kind, imported) in KINDS.items():
            result.profile(f"{platform} root", f"{kind}TrustedRootCertificate", trustedRootCertificate=root)
            result.signing(f"{platform} signing", kind)
            result.profile(
                f"{platform} encryption", f"{imported}ImportedPFXCertificateProfile", intendedPurpose="smimeEncryption"
            )
        result.certificate("SmimeEncryption")
        result.devices("enroll")
        result.devices("checkin", "--until-settled")
        yield result


def test_the_healthy_and_the_faulty(office: Office) -> None:
    assert office.codes(healthy=True) == set()
    text = office.run("diagnose", "--user", ALICE, "--all")
    assert "All is well." in text
    assert "\x1b[" not in text
    assert text.count("installed: ") == 6
    history = office.run("history", "--user", ALICE)
    assert "Nothing is wrong" in history
    assert history.count("\npkcs ") == 2

    office.assign("android root", group="SMIME Pilot")  # alice is in it as well
    assert office.codes(healthy=True) == set()
    (group,) = [office.graph("POST", "/v1.0/groups", _group("Others"))]
    assert group["id"]
    office.assign("android root", group="Others")
    assert office.codes(healthy=False) == {"root-elsewhere"}
    text = office.run("diagnose", "--user", ALICE, code=1)
    assert "broken  trustedRoot: 'android signing'" in text
    assert "Not all is well; 1 error: root-elsewhere; " in text
    assert office.codes("--profile", "ios signing", healthy=True) == set()
    # The device at rest cannot know what never came to it: the server on this machine is asked.
    office.signing("android second", KINDS["android"][0])
    simulator = office.simulator("checkin", "--state", str(office.folder / "android"), "--until-settled", code=1)
    assert "1 profile failed: android second: 'android second'" in simulator
    office.assign("android root", group="All Staff")

    signing = office.certificate("SmimeSigning")
    office.devices("checkin", "--until-settled")
    assert office.codes(healthy=False) == {"purpose-key-usage"}
    office.run("pfx", "remove", "--upn", ALICE, "--thumbprint", signing)

    elsewhere = office.certificate("SmimeEncryption", email="alice@fabrikam.example")
    assert office.codes(healthy=False) == {"address-mismatch"}
    office.run("pfx", "remove", "--upn", ALICE, "--thumbprint", elsewhere)

    connectors = office.control("GET", "/connectors")["value"]
    (connector,) = (connector for connector in connectors if "imported-pfx" in connector["roles"])
    provider = "Microsoft%20Software%20Key%20Storage%20Provider"
    office.control("DELETE", f"/connectors/{connector['id']}/keys/{provider}/PFXEncryptionKey")
    assert office.codes("--profile", "android encryption", healthy=False) == {"key-missing"}
    assert office.codes(healthy=False) == {"key-missing"}
    assert "key-missing" in office.run("history", "--user", ALICE)


def test_an_expired_certificate_is_found_after_a_year(office: Office) -> None:
    """The devices' own certificates are renewed on the way; the imported one is not."""
    for days in (300, 70):
        office.control("POST", "/clock/advance", {"by": f"P{days}D"})
        office.devices("checkin", "--until-settled")
    assert office.codes(healthy=False) == {"expired-without-successor"}
    office.certificate("SmimeEncryption")
    assert office.codes(healthy=True) == {"gap-in-time"}


def test_who_settles_says_which_connector_is_waited_for_and_how_it_is_set_on_line(office: Office) -> None:
    (connector,) = (item for item in office.control("GET", "/connectors")["value"] if "pkcs" in item["roles"])
    office.run("connector", "offline", connector["name"])
    office.signing("android second", KINDS["android"][0])
    remedy = f"fauxtune connector online {quoted(connector['name'])}"
    why = f"for the connector '{connector['name']}', which is off line"
    phone = str(office.folder / "android")
    assert "settled, but 1 profile waits" in office.simulator("checkin", "--state", phone), "it did check in"
    text = office.simulator("checkin", "--state", phone, "--until-settled", code=1)
    lines = [f"settled, but 1 profile waits {why}: android second", f"to end the waiting: {remedy}"]
    assert text.splitlines() == lines
    document = json.loads(office.simulator("checkin", "--state", phone, "--until-settled", "--output", "json", code=1))
    assert (document["settled"], document["failed"]) == (True, [])
    assert document["waiting"] == [{"profile": "android second", "waitsFor": why.removeprefix("for ")}]
    fleet = ("fleet", "--devices", "2", "--keys", "1", "--user", "alice")
    before = office.control("GET", "/wire?surface=control&text=/devices")["exchanges"]
    assert office.simulator(*fleet, code=1).splitlines()[1:3] == [f"settled, but 2 devices wait {why}", lines[1]]
    after = office.control("GET", "/wire?surface=control&text=/devices")["exchanges"]
    assert len(after) - len(before) == 1, "the fleet asks once, not for each device"
    assert f"          fix: Set it on line:\n          {remedy}\n" in office.run("diagnose", "--user", ALICE, code=1)
    office.run("connector", "online", connector["name"])
    assert office.simulator("checkin", "--state", phone, "--until-settled").splitlines()[-1] == "settled"


def test_what_cannot_be_diagnosed_is_said(office: Office) -> None:
    for asked, words in (((), "--user, --device, --profile or --app"), (("--user", "nobody"), "nobody")):
        done = fauxtune("diagnose", *asked, "--data-dir", office.folder / "data", commands=office.server.commands)
        assert (done.returncode, done.stdout) == (1, "")
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    for command in ("diagnose", "history"):
        assert f"fauxtune {command} --user" in fauxtune(command, "--help", commands=office.server.commands).stdout


def _group(name: str) -> Json:
    return {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
