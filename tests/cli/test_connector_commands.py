"""`fauxtune connector download`, `install` and `endpoints`, and a connector behind a firewall or a proxy."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands


@pytest.fixture(scope="module")
def software(run: Commands, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The downloaded software."""
    folder = tmp_path_factory.mktemp("software") / "new"
    (package,) = run.json("connector", "download", "--out", folder)
    assert (package["installer"], package["edition"]) == ("IntuneCertificateConnector.exe", "current")
    return folder


def test_what_the_console_offers_is_what_the_command_downloads(software: Path, graph: httpx.Client) -> None:
    page = graph.get("/console/contoso/connectors").raise_for_status().text
    path = "/console/contoso/connectors/software/certificate-connector.json"
    assert path in page
    assert graph.get(path).json() == json.loads((software / "IntuneCertificateConnector.json").read_bytes())
    assert graph.get(path.replace("certificate-", "pfx-")).status_code == 404


def test_a_server_that_lacks_something_gets_no_connector_and_each_lack_has_its_document(
    run: Commands, software: Path, tmp_path: Path
) -> None:
    before = run.json("connector", "status")
    run.text("user", "create", "walter", "--no-license")
    facts = tmp_path / "server.json"
    facts.write_text(json.dumps({"name": "PKI02", "tls": ["1.1"], "administrator": "walter@contoso.example"}))
    command = ("connector", "install", "--from", software, "--state", tmp_path / "state", "--server", facts)
    refusal = run.refused(*command)
    assert "PKI02 does not meet 2 requirements" in refusal
    assert "TLS 1.2 is off" in refusal
    assert "walter@contoso.example has no Intune licence" in refusal
    assert "2024-10-09" in refusal
    assert run.json("connector", "status") == before
    assert not (tmp_path / "state").exists()


def test_a_right_server_gets_the_connector_with_its_features_and_its_proxy(
    run: Commands, software: Path, tmp_path: Path
) -> None:
    facts, state = tmp_path / "server.json", tmp_path / "state"
    facts.write_text(json.dumps({"name": "PKI01", "proxy": "http://127.0.0.1:9", "administrator": "alice"}))
    command = ("connector", "install", "--from", software, "--state", state, "--server", facts, "--role", "pkcs")
    installed = run.json(*command)
    assert installed["roles"] == ["pkcs"]
    assert installed["name"].endswith(" on PKI01")
    assert all(requirement["met"] for requirement in installed["requirements"])
    assert json.loads((state / "connector.json").read_bytes())["proxy"] == "http://127.0.0.1:9"
    assert "already belongs to a connector" in run.refused(*command)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [("x.json", "{", "is no JSON"), ("x.json", "[]", "must be a JSON object"), ("x.json", "{}", "is no software")],
)
def test_what_is_no_downloaded_software_is_refused(
    run: Commands, tmp_path: Path, name: str, content: str, word: str
) -> None:
    (tmp_path / name).write_text(content)
    for source in (tmp_path, tmp_path / name):
        assert word in run.refused("connector", "install", "--from", source, "--state", tmp_path / "state")
    assert (
        "download it there first" in run.refused("connector", "install", "--from", tmp_path / ".", "--state", "s")
        or word
    )


def test_in_2020_there_are_two_programs_and_each_is_installed_on_its_own(run: Commands, tmp_path: Path) -> None:
    run.text("tenant", "create", "old", "--edition", "2020-04")
    packages = run.json("connector", "download", "--out", tmp_path, "--tenant", "old")
    assert [package["program"] for package in packages] == ["intune-connector", "pfx-connector"]
    several = run.refused("connector", "install", "--from", tmp_path, "--state", tmp_path / "s", "--tenant", "old")
    assert "several programs" in several
    file = tmp_path / "NDESConnectorSetup.json"
    assert "follows current" in run.refused("connector", "install", "--from", file, "--state", tmp_path / "s")
    installed = run.json("connector", "install", "--from", file, "--state", tmp_path / "s", "--tenant", "old")
    assert (installed["program"], installed["roles"]) == ("intune-connector", ["pkcs", "scep", "revocation"])


def test_the_hosts_of_connectors_are_those_of_devices(run: Commands) -> None:
    listed = run.json("connector", "endpoints", "--edition", "2020-04")
    assert "2019-07-22" in listed["source"]
    (intune,) = (endpoint for endpoint in listed["endpoints"] if endpoint["purpose"] == "Intune")
    assert (intune["by"], intune["ports"]) == ("devices and connectors", [80, 443])
    assert max(map(len, run.text("connector", "endpoints").splitlines())) <= 80
    assert "There is no edition '2021'" in run.refused("connector", "endpoints", "--edition", "2021")
    shown = Path("docs/connector.md").read_text(encoding="utf-8")
    for edition in ("2020-04", "current"):
        assert run.text("connector", "endpoints", "--edition", edition) in shown


def test_the_state_of_a_connector_behind_a_firewall_names_the_host(run: Commands) -> None:
    added = run.json("fault", "add", "--kind", "networkBlocked", "--with", 'hosts=["manage.microsoft.com"]')
    assert "cannot reach manage.microsoft.com:443; devices need the same" in run.text("connector", "status")
    run.text("fault", "delete", added["id"])
    assert "cannot reach" not in run.text("connector", "status")
    wrong = run.refused("fault", "add", "--kind", "networkBlocked", "--with", 'hosts=["https://x/"]')
    assert "'https://x/', which is no name of a host" in wrong


def test_a_connector_inside_the_server_is_made_known_to_digicert_by_name(run: Commands) -> None:
    named = ("connector", "ra-certificate", "--connector", "Certificate Connector 1")
    assert "subscribe first" in run.refused(*named)
    subscribed = run.text("connector", "digicert")
    assert "'Symantec', certificate profile 2.16.840.1.113733.1.16.1.2.3.1.1.47196109." in subscribed
    assert run.text(*named).startswith("The connector 'Certificate Connector 1' has the RA certificate ")
    assert "Name a connector inside the server by --connector" in run.refused("connector", "ra-certificate")
