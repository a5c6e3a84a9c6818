"""`fauxtune identity token` and `fauxtune env --identity`: what they print, write and change."""

from __future__ import annotations

import stat
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.running_server import Served
from tests.support.sign_in import CLIENT

CREDENTIALS = f"/v1.0/applications(appId='{CLIENT}')/federatedIdentityCredentials"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VARIABLES = {
    "imds": {"AZURE_POD_IDENTITY_AUTHORITY_HOST"},
    "app-service": {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"},
    "arc": {"IDENTITY_ENDPOINT", "IMDS_ENDPOINT"},
    "workload": {"AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"},
}


def _signs_in(server: Served, file: Path) -> bool:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "scope": "https://graph.microsoft.com/.default",
        "client_assertion_type": TYPE,
        "client_assertion": file.read_text(),
    }
    with server.client() as client:
        return client.post("/contoso/oauth2/v2.0/token", data=form).status_code == 200


def test_a_token_is_written_for_its_owner_only_and_replaced_at_once(
    run: Commands, server: Served, graph: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "token.jwt"
    said = run.text("identity", "token", "--subject", "ci", "--out", file)
    assert said.startswith(f"{file}: a token of {server.https}/_identity/")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not _signs_in(server, file)
    words = ("identity", "token", "--subject", "ci", "--expires", "2 hours", "--application", CLIENT, "--out", file)
    document = run.json(*words)
    assert (document["subject"], document["file"], "token" in document) == ("ci", str(file), False)
    assert _signs_in(server, file)
    assert [each.name for each in tmp_path.iterdir()] == ["token.jwt"]
    (credential,) = graph.get(CREDENTIALS).json()["value"]
    assert credential["subject"] == "ci"


def test_a_token_that_cannot_be_written_changes_nothing(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    before = graph.get(CREDENTIALS).json()
    words = ("identity", "token", "--subject", "unwritten", "--application", CLIENT, "--out")
    assert "cannot be written" in run.refused(*words, tmp_path / "nowhere" / "token.jwt")
    assert "days at most" in run.refused(*words, tmp_path / "token.jwt", "--expires", "P400D")
    absent = CLIENT.replace("a991", "a992")
    unknown = ("identity", "token", "--subject", "x", "--application", absent, "--out", tmp_path / "token.jwt")
    assert "no application" in run.refused(*unknown)
    assert graph.get(CREDENTIALS).json() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", VARIABLES)
def test_the_variables_of_an_identity_have_no_secret_and_unset_those_of_others(
    run: Commands, server: Served, kind: str
) -> None:
    document = run.json("env", "--identity", kind)
    others = {name for names in VARIABLES.values() for name in names} - VARIABLES[kind]
    assert document.keys() & (others | VARIABLES[kind]) == VARIABLES[kind]
    text = run.text("env", "--identity", kind)
    assert server.endpoints["clientSecret"] not in text
    first, *lines = text.splitlines()
    assert {*first.split()[1:]} >= others | {"AZURE_CLIENT_SECRET"}
    assert not {*first.split()[1:]} & VARIABLES[kind]
    assert {line.partition("=")[0] for line in lines} >= {f"export {name}" for name in VARIABLES[kind]}
    powershell = run.text("env", "--identity", kind, "--for", "powershell")
    assert "Remove-Item Env:AZURE_CLIENT_SECRET" in powershell
    assert f"$env:{sorted(VARIABLES[kind])[0]} = " in powershell


def test_a_workload_gets_a_file_and_the_trust_and_is_told(run: Commands, server: Served, graph: httpx.Client) -> None:
    done = run.run("env", "--identity", "workload")
    file = next(line.partition("=")[2] for line in done.output.splitlines() if "AZURE_FEDERATED_TOKEN_FILE" in line)
    assert f"The application {CLIENT} now trusts {server.https}/_identity/" in done.errors
    assert file in done.errors
    assert _signs_in(server, Path(file))
    assert "fauxtune:workload" in {each["subject"] for each in graph.get(CREDENTIALS).json()["value"]}


@pytest.mark.parametrize("kind", VARIABLES)
def test_an_application_that_does_not_exist_is_refused(run: Commands, kind: str) -> None:
    assert "no application" in run.run("env", "--identity", kind, "--application", "nobody").errors
