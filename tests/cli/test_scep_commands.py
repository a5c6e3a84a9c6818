"""`fauxtune scep`: a challenge for a device, its content, and what a partner's authority is asked."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

import fauxtune_sim.cli.main
from tests.support.commands import Commands
from tests.support.running_server import SECONDS, Served
from tests.support.scep_clients import PENDING, Csr, ScepClient

SAMPLE = Path(__file__).parents[1] / "profiles/samples/androidWorkProfileScepCertificateProfile.json"


@pytest.fixture(scope="module")
def phone(run: Commands, graph: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a phone that a SCEP profile reaches."""
    profiles = "/beta/deviceManagement/deviceConfigurations"
    one_name = {"subjectAlternativeNameType": "emailAddress", "customSubjectAlternativeNames": []}
    document = {**json.loads(SAMPLE.read_text()), **one_name}
    created = graph.post(profiles, json=document).raise_for_status().json()
    everybody = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    graph.post(f"{profiles}/{created['id']}/assign", json={"assignments": [everybody]}).raise_for_status()
    state = tmp_path_factory.mktemp("devices") / "phone"
    arguments = ["enroll", "--name", "scep phone", "--user", "alice@contoso.example", "--state", str(state)]
    result = CliRunner(env={"FAUXTUNE_DATA_DIR": str(run.data_dir)}).invoke(fauxtune_sim.cli.main.app, arguments)
    assert result.exit_code == 0, result.output
    return "scep phone"


def test_a_challenge_is_given_opened_and_listed(run: Commands, phone: str) -> None:
    asked = ("--device", phone, "--profile", "S/MIME signing by SCEP")
    challenge = run.text("scep", "challenge", "give", *asked).strip()
    text = run.text("scep", "challenge", "show", challenge)
    assert "subject: CN=alice" in text
    assert max(map(len, text.splitlines())) <= 100
    assert run.json("scep", "challenge", "show", challenge)["content"]["request"]["key_size"] == 2048
    assert run.text("scep", "challenge", "show", "xx") == "ChallengeDecodingError: The challenge is not base64.\n"
    assert run.json("scep", "challenge", "give", *asked)["content"]["profileId"]
    assert [row["state"] for row in run.json("scep", "challenge", "list")][:2] == ["given", "given"]
    assert "given" in run.text("scep", "challenge", "list")
    assert "There is no device 'nobody'" in run.refused("scep", "challenge", "give", "--device", "nobody", *asked[2:])


def test_what_becomes_of_a_request_that_differs_from_its_challenge(run: Commands, phone: str, tmp_path: Path) -> None:
    words = ("scep", "challenge", "try", "--device", phone, "--profile", "S/MIME signing by SCEP")
    assert run.text(*words) == "Success\n"
    file = tmp_path / "bob.csr"
    assert run.text(*words, "--subject", "CN=bob", "--out", file).startswith(
        "SubjectNameMismatch: The subject is CN=bob"
    )
    request = x509.load_pem_x509_csr(file.read_bytes())
    assert (request.is_signature_valid, request.subject.rfc4514_string()) == (True, "CN=bob")
    assert run.json(*words, "--key-usage", "keyEncipherment")["code"] == "KeyUsageMismatch"
    newest = run.json("scep", "challenge", "list")[0]
    assert (newest["state"], newest["outcome"]["code"]) == ("refused", "KeyUsageMismatch")
    assert "=" in run.refused(*words, "--subject", "bob")
    assert "keyUsages" in run.refused(*words, "--key-usage", "crlSign")
    assert "cannot be written" in run.refused(*words, "--out", tmp_path)


def test_the_pages_authority_is_told_whether_a_request_may_be_granted(
    run: Commands, server: Served, phone: str, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[2] / "docs/scep.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    properties, file = tmp_path / "intune.props", tmp_path / "authority.py"
    properties.write_text(run.text("scep", "client-config"))
    challenge = run.text("scep", "challenge", "give", "--device", phone, "--profile", "S/MIME signing by SCEP").strip()
    for text, code in ((program, "Success"), (program.replace('"alice")', '"bob")'), "SubjectNameMismatch")):
        file.write_text(text)
        arguments = [sys.executable, file, properties, server.endpoints["caFile"], challenge]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=SECONDS)
        assert done.stdout.split()[:1] == [code], done.stderr
    states = [row["state"] for row in run.json("scep", "challenge", "list")]
    assert "refused" in states


def test_an_authority_gets_a_configuration_and_a_revocation(run: Commands) -> None:
    java = dict(line.split("=", 1) for line in run.text("scep", "client-config").splitlines())
    assert (java["TENANT"], java["INTUNE_RESOURCE_URL"][-1], "MS_GRAPH_RESOURCE_URL" in java) == ("contoso", "/", True)
    assert "MSAL_GRAPH_RESOURCE_URL=" in run.text("scep", "client-config", "--lang", "csharp")
    assert run.json("scep", "client-config", "--lang", "json")["AAD_APP_KEY"]
    assert "is asked to revoke certificate 0F" in run.text("scep", "revoke", "0F", "--issuer", "CN=Partner CA")
    assert run.json("scep", "revoke", "10", "--issuer", "CN=Partner CA")["state"] == "open"


def test_the_tenants_own_server_is_shown_changed_and_renewed(run: Commands) -> None:
    # A tenant of its own: other tests request certificates of the usual one, in any order.
    run.text("tenant", "create", "fresh")
    show = ("scep", "ndes", "show", "--tenant", "fresh")
    shown = run.text(*show)
    assert "/pki/fresh/certsrv/mscep/mscep.dll" in shown
    assert "RA certificates are made at the first request" in shown
    renewed = run.text("scep", "ndes", "renew", "--tenant", "fresh")
    assert [line.split(":")[0] for line in renewed.splitlines()] == [
        "RA certificate for encryption",
        "RA certificate for signing",
    ]
    assert renewed in run.text(*show)
    assert "NDES has accepted no request yet." in run.text("scep", "request", "list", "--tenant", "fresh")
    change = ("scep", "ndes", "change", "--tenant", "fresh")
    assert run.text(*change, "--approval", "--no-strict") == ("Changed: ndes.approval is on, ndes.strict is off.\n")
    assert run.json(*change, "--no-approval")["ndes.approval"]["value"] is False
    assert "Say what changes" in run.refused(*change)


def test_requests_are_listed_approved_and_denied(run: Commands, server: Served, phone: str) -> None:
    run.text("scep", "ndes", "change", "--approval")
    asked = ("--device", phone, "--profile", "S/MIME signing by SCEP")

    async def request(*transactions: str) -> None:
        async with httpx.AsyncClient(base_url=server.endpoints["http"], trust_env=False) as http:
            for transaction in transactions:
                challenge = run.text("scep", "challenge", "give", *asked).strip()
                client = ScepClient(http, rsa.generate_private_key(65537, 2048))
                answer = await client.ask(Csr(client.key, challenge).der(), transaction=transaction)
                assert answer.status == PENDING, answer

    asyncio.run(request("first", "second"))
    second, first = run.json("scep", "request", "list")
    assert "CN=alice" in run.text("scep", "request", "list")
    assert "begins the ids of 2 requests" in run.refused("scep", "request", "approve", "")
    assert "Approved: certificate" in run.text("scep", "request", "approve", first["id"][:13])
    denied = run.text("scep", "request", "deny", second["id"], "--reason", "Not this phone.")
    assert denied == "Denied: Not this phone.\n"
    assert "does not wait any more" in run.refused("scep", "request", "approve", second["id"])
    assert "There is no SCEP request 'nothing'" in run.refused("scep", "request", "approve", "nothing")
    assert [row["state"] for row in run.json("scep", "request", "list")] == ["denied", "issued"]
    run.text("scep", "ndes", "change", "--no-approval")
