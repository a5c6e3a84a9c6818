"""`fauxtune tenant`, `clock`, `certificate` and `template`: what they do, what they print, and when they say no."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from fauxtune.core.clock import from_iso
from tests.support.certificates import certificate_request, thumbprint
from tests.support.commands import Commands
from tests.support.terminal import at_a_terminal


def test_a_tenant_is_created_used_by_its_name_and_deleted(run: Commands) -> None:
    created = run.json("tenant", "create", "room12", "--seed", "none", "--edition", "2020-04")
    assert (created["name"], created["settings"]["edition"]["value"]) == ("room12", "2020-04")
    assert [row["name"] for row in run.json("tenant", "list")] == ["contoso", "room12"]
    heading, *lines = run.text("tenant", "list").splitlines()
    assert heading.split() == ["name", "domain", "edition", "clock", "time", "id"]
    assert lines[1].startswith("room12   room12.example")
    # Each has its own application, which the command finds by itself.
    assert run.json("user", "list", "--tenant", "room12") == []
    assert len(run.json("user", "list", "--tenant", "contoso.example")) == 3
    assert run.text("tenant", "show", "--tenant", "room12").startswith("name           room12\n")
    assert run.json("tenant", "show", "room12.example")["id"] == created["id"]
    assert "Similar: 'room12'" in run.refused("tenant", "delete", "rom12")
    assert run.text("tenant", "delete", "room12") == "The tenant room12 is deleted.\n"
    assert "There is no tenant 'room12'" in run.refused("user", "list", "--tenant", "room12")


def test_the_tenant_that_option_or_environment_names_can_be_created_and_deleted(run: Commands) -> None:
    own = ("--tenant", "adm")  # FAUXTUNE_TENANT is the same
    assert run.json("tenant", "create", "adm", "--seed", "none", *own)["name"] == "adm"
    assert run.text("tenant", "show", *own).startswith("name           adm\n")
    run.text("tenant", "delete", "adm", "--yes", *own)
    assert "adm" not in [row["name"] for row in run.json("tenant", "list", *own)]


def test_a_tenant_gets_the_people_of_a_file(run: Commands, tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    refused = (
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "another value"),
        ('{"people": 1}', "people"),
        ('{"imports": [{"user": "alice", "file": "none.pfx"}]}', "/imports/0/file"),
    )
    for text, words in refused:
        seed.write_text(text)
        assert words in run.refused("tenant", "create", "--seed", seed)
    eve = {"userPrincipalName": "eve@school.example", "displayName": "<script>alert(1)</script>"}
    seed.write_text(json.dumps({"users": [eve]}))
    created = run.json("tenant", "create", "school", "--domain", "school.example", "--seed", seed)
    assert created["name"] == "school"
    (user,) = run.json("user", "list", "--tenant", "school")
    assert user["displayName"] == "<script>alert(1)</script>"
    assert run.text("tenant", "list").splitlines()[-1].startswith("school")
    run.text("tenant", "delete", "school.example")


def test_the_secrets_of_a_file_are_sent_but_not_shown(run: Commands, tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    eve = {"userPrincipalName": "eve@court.example", "password": "Violets-and-7-roses"}
    application = {
        "clientId": "c0ffee00-0000-4000-8000-0000000000e1",
        "name": "Eve's",
        "secret": "a-long-secret-of-eve",
    }
    seed.write_text(json.dumps({"users": [eve], "applications": [application]}))
    create = ("tenant", "create", "court", "--domain", "court.example", "--seed", seed)
    done = run.run(*create, "--output", "json", "--show-request")
    assert json.loads(done.output)["clientSecret"] == application["secret"], "the one that was sent"
    assert '"userPrincipalName": "eve@court.example"' in done.errors
    assert (done.errors.count('"secret": "..."'), done.errors.count('"password": "..."')) == (1, 1)
    assert eve["password"] not in done.errors
    assert application["secret"] not in done.errors
    run.text("tenant", "delete", "court")


def test_the_clock_is_shown_frozen_advanced_set_and_let_run(run: Commands) -> None:
    assert "It is the computer's clock." in run.text("clock", "show")
    frozen = run.json("clock", "freeze", "2027-01-31T10:00:00Z")
    assert (frozen["mode"], frozen["now"][:19]) == ("frozen", "2027-01-31T10:00:00")
    assert run.text("clock", "advance", "30 days").startswith("2027-03-02 10:00:00 UTC\n")
    assert run.json("clock", "advance", "P1Y")["now"][:10] == "2028-03-01"
    assert run.json("clock", "set", "2027-06-01")["mode"] == "frozen"
    assert run.json("clock", "run")["mode"] == "offset"
    assert run.json("clock", "set", "2027-07-01")["mode"] == "offset"
    settled = run.run("clock", "advance", "1 hour", "--settle", "--show-request")
    assert (settled.code, "Devices that have settled: 0." in settled.output) == (0, True)
    assert '"settle": true' in settled.errors
    assert run.json("clock", "run", "--system")["mode"] == "system"
    wrong = run.run("clock", "advance", "30 dayz")
    assert (wrong.code, "30 days" in wrong.errors) == (2, True)


def test_a_long_wait_is_shown_at_a_terminal_only(run: Commands, commands: Path) -> None:
    seen = at_a_terminal("clock", "advance", "1 hour", "--settle", "--data-dir", run.data_dir, commands=commands)
    assert (seen.code, "Devices that have settled" in seen.screen) == (0, True)
    assert run.run("clock", "advance", "1 hour", "--settle").errors == ""
    run.text("clock", "run", "--system")


def test_a_certificate_is_issued_into_a_pfx_file_that_only_its_owner_reads(run: Commands, tmp_path: Path) -> None:
    file = tmp_path / "alice.pfx"
    command = ("certificate", "issue", "--user", "alice", "--template", "smimeboth", "--out")
    document = run.json(*command, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = load_pkcs12(file.read_bytes(), document["pfxPassword"].encode())
    assert content.cert is not None
    assert thumbprint(content.cert.certificate) == document["thumbprint"]
    assert "exists already" in run.refused(*command, file)
    assert "there is no folder" in run.refused(*command, tmp_path / "missing" / "x.pfx")
    assert "must end in .pfx" in run.refused(*command, tmp_path / "x.txt")
    done = run.run(*command, tmp_path / "own.pfx", "--pfx-password", "own secret", "--show-request")
    assert "own secret" not in done.output + done.errors
    assert load_pkcs12((tmp_path / "own.pfx").read_bytes(), b"own secret").key is not None


def test_a_certificate_is_issued_as_pem_for_any_time_and_for_a_request(
    run: Commands, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    command = ("certificate", "issue", "--template", "SmimeEncryption", "--out")
    old = tmp_path / "old.pem"
    run.text(*command, old, "--user", "bob", "--from", "2020-01-01", "--until", "2021-01-01")
    certificate = x509.load_pem_x509_certificate(old.read_bytes())
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=366)
    key = load_pem_private_key(old.read_bytes(), None)
    assert key.public_key() == certificate.public_key()
    assert len(x509.load_pem_x509_certificates(old.read_bytes())) == 3
    request, out = tmp_path / "request.csr", tmp_path / "answer.pem"
    request.write_bytes(certificate_request(raw_rsa_keys[0], encoding=Encoding.PEM))
    run.text(*command, out, "--subject", "CN=Somebody", "--csr", request)
    assert x509.load_pem_x509_certificate(out.read_bytes()).public_key() == raw_rsa_keys[0].public_key()
    assert "PRIVATE" not in out.read_text()
    assert "must end in .pem" in run.refused(*command, tmp_path / "x.pfx", "--csr", request)
    assert "cannot be read" in run.refused(*command, tmp_path / "x.pem", "--csr", tmp_path / "missing")


def test_one_command_issues_a_certificate_and_imports_it_for_the_users_devices(run: Commands, tmp_path: Path) -> None:
    command = ("certificate", "issue", "--template", "SmimeEncryption", "--import", "encryption")
    document = run.json(*command, "--user", "alice", "--from", "2023-01-01", "--out", tmp_path / "alice.pfx")
    (record,) = run.json("pfx", "list", "--upn", "alice@contoso.example")
    assert record["thumbprint"] == document["thumbprint"] == document["imported"]["thumbprint"]
    assert (record["intendedPurpose"], record["startDateTime"][:4]) == ("smimeEncryption", "2023")
    heading, line = run.text("pfx", "list", "--upn", "alice@contoso.example").splitlines()
    assert heading.split() == ["user", "purpose", "until", "thumbprint"]
    assert line.split() == ["alice", "smimeEncryption", record["expirationDateTime"][:10], record["thumbprint"]]
    assert len(line) <= 80
    assert load_pkcs12((tmp_path / "alice.pfx").read_bytes(), document["pfxPassword"].encode()).key is not None
    done = run.run(*command, "--user", "alice", "--pfx-password", "own secret", "--show-request")
    assert (done.code, done.output.count("Imported it for alice@contoso.example, for encryption.")) == (0, 1)
    assert "/deviceManagement/userPfxCertificates" in done.errors
    assert "own secret" not in done.output + done.errors
    before = len(run.json("certificate", "list"))
    assert "needs --user" in run.refused(*command)
    assert "no key is made" in run.refused(*command, "--user", "alice", "--csr", tmp_path / "x.csr")
    assert "ASCII" in run.refused(*command, "--user", "alice", "--pfx-password", "geheimnisvoll-ü")
    assert "--out FILE writes it, --import" in run.refused(*command[:4], "--user", "alice")
    assert len(run.json("certificate", "list")) == before


def test_certificates_are_listed_shown_and_revoked_by_the_beginning_of_a_number_or_by_a_user(
    run: Commands, tmp_path: Path
) -> None:
    issue = ("certificate", "issue", "--user", "carol", "--template", "SmimeSigning", "--out")
    older = run.json(*issue, tmp_path / "older.pfx", "--from", "2024-01-01")
    newer = run.json(*issue, tmp_path / "newer.pfx")
    assert [row["thumbprint"] for row in run.json("certificate", "list", "--user", "carol")] == [
        newer["thumbprint"],
        older["thumbprint"],
    ]
    assert run.json("certificate", "show", "carol")["thumbprint"] == newer["thumbprint"]
    for word in (older["serial"][:6], older["thumbprint"][:8].upper(), older["thumbprint"]):
        assert run.json("certificate", "show", word)["serial"] == older["serial"]
    assert "held by        no device\n" in run.text("certificate", "show", older["thumbprint"][:8])
    text = run.text("certificate", "revoke", "carol", "--reason", "certificateHold")
    name = f"{run.json('certificate', 'list', '--user', 'carol')[0]['mark']} ({newer['thumbprint'][:8]})"
    assert text == f"{name} of carol@contoso.example is revoked: certificateHold.\n"
    mark = run.json("certificate", "list", "--user", "carol")[0]["mark"]
    assert run.json("certificate", "show", mark.lower())["thumbprint"] == newer["thumbprint"]
    (row,) = run.json("certificate", "list", "--user", "carol", "--status", "revoked")
    assert row["reason"] == "certificateHold"
    lines = run.text("certificate", "list").splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split()[0] == "carol" and line.endswith(f"({row['thumbprint'][:8]})") for line in lines)
    assert "no longer on the CRL" in run.text("certificate", "revoke", "carol", "--reason", "removeFromCRL")
    assert run.json("certificate", "revoke", "carol", "--reason", "keyCompromise")["status"] == "revoked"
    assert "or the beginning of it" in run.refused("certificate", "show", "nothing")
    assert "Similar: 'SmimeBoth'" in run.refused(
        "certificate", "issue", "--template", "Smime", "--out", tmp_path / "x.pem"
    )


@pytest.mark.parametrize("key_type", ["RSA", "EC"])
def test_a_template_is_created_and_certificates_follow_it(run: Commands, tmp_path: Path, key_type: str) -> None:
    name = f"Short{key_type}"
    run.text("template", "create", name, "--for", "encryption", "--key-type", key_type, "--validity", "30 days")
    lines = run.text("template", "list").splitlines()
    (line,) = (line.split() for line in lines if line.startswith(name))
    assert line[1:3] == ["encryption", key_type]
    assert max(map(len, lines)) <= 80
    (row,) = (row for row in run.json("template", "list") if row["name"] == name)
    assert row["validity"] == "P30D"
    command = ("certificate", "issue", "--user", "bob", "--template", name, "--out", tmp_path / f"{name}.pem")
    issued = run.json("certificate", "show", run.json(*command)["thumbprint"])
    assert from_iso(issued["notAfter"]) - from_iso(issued["notBefore"]) == timedelta(days=30)
    assert "already" in run.refused("template", "create", name)


def test_the_connector_inside_the_server_is_set_off_line_and_on_line_by_its_name(run: Commands) -> None:
    (connector,) = run.json("connector", "status")
    assert run.json("connector", "offline", connector["name"])["state"] == "offline"
    name, *lines = run.text("connector", "status").splitlines()
    assert name == connector["name"]
    assert [line.split(maxsplit=1) for line in lines] == [
        ["state", "off line"],
        ["mode", "immediate"],
        ["place", "in the server"],
        ["version", connector["version"]],
        ["roles", "pkcs, imported-pfx, scep, revocation"],
    ]
    assert "off line" in run.text("connector", "offline", connector["id"][:8])
    assert f"'{connector['name']}' is on line" in run.text("connector", "online"), "the only one need not be named"
    assert f"'{connector['name']}' is off line" in run.text("connector", "offline")
    assert "is on line" in run.text("connector", "online", connector["name"].lower())
    assert "  state         on line\n" in run.text("connector", "status")
    assert f"There is only {connector['name']}." in run.refused("connector", "offline", "nothing like it")


def test_a_tenant_is_brought_into_a_state_by_a_sentence(run: Commands) -> None:
    rows = run.json("state", "list", "--area", "users")
    assert {row["area"] for row in rows} == {"users"}
    listed = run.text("state", "list")
    assert "alice has a licence" in listed
    assert max(map(len, listed.splitlines())) <= 80
    sentence = "Dora is there"
    assert run.text("state", "set", sentence).startswith("The tenant is in this state now: Dora is there\n  userId ")
    assert run.text("state", "set", sentence).startswith("The tenant was in this state already: Dora is there\n")
    assert "'there is a user alice'" in run.refused("state", "set", "there is a usher alice")
    run.text("user", "delete", "dora", "--yes")
