"""`fauxtune pfx` as a process, on a running server: many files at once, what goes wrong half way, and a device that
receives what was imported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key

from fauxtune.core.pki.cng import write_private_blob
from fauxtune.server.system import SystemClock
from fauxtune_client.endpoints import find
from fauxtune_client.http import Client
from tests.support.certificates import YEAR, make_pfx, self_signed, thumbprint
from tests.support.running_server import SECONDS, Running, environment, fauxtune, serving

#: More files than are imported between the first one and the signal that interrupts the command.
_MANY = 60
ALICE, BOB, CAROL = (f"{name}@contoso.example" for name in ("alice", "bob", "carol"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path_factory.mktemp("folders") / "data", commands=commands) as server:
        yield server


def write(
    file: Path, key: RSAPrivateKey, *, password: str = "secret", mail: str = ALICE, since: datetime | None = None
) -> str:
    """A PFX file for a year; the thumbprint."""
    certificate = self_signed(key, file.stem, begin=since or SystemClock().now(), emails=[mail])
    file.write_bytes(make_pfx(key, certificate, password=password))
    return thumbprint(certificate)


def data_dir_of(server: Running) -> Path:
    return Path(server.endpoints["caFile"]).parents[1]


def pfx(server: Running, *arguments: str | Path, code: int = 0, **more: str) -> Any:
    """The JSON document of a command that ends with this code, and its standard error."""
    run = fauxtune(
        "pfx", *arguments, "--data-dir", data_dir_of(server), "--output", "json", commands=server.commands, **more
    )
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return json.loads(run.stdout) if run.stdout else None, run.stderr


def held(server: Running, upn: str) -> set[str]:
    return {each["thumbprint"] for each in pfx(server, "list", "--upn", upn)[0]}


def simulate(server: Running, *arguments: str | Path) -> Any:
    run = fauxtune(*arguments, "--output", "json", program="fauxtune-sim", commands=server.commands)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def deliver_to_everybody(server: Running, *, purpose: str) -> None:
    """An imported PFX profile for all users."""
    with Client(find(data_dir=data_dir_of(server))) as client:
        path = "/deviceManagement/deviceConfigurations"
        kind = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
        graph = client.graph(
            "POST", path, json={"@odata.type": kind, "displayName": f"Imported {purpose}", "intendedPurpose": purpose}
        )
        target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
        client.graph("POST", f"{path}/{graph['id']}/assign", json={"assignments": [{"target": target}]})


def test_a_device_receives_every_file_of_a_folder_the_expired_ones_too(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    folder = tmp_path / "carol"
    folder.mkdir()
    lines, thumbprints = ["file,password"], set()
    for number in range(5):
        since = SystemClock().now() - (4 - number) * YEAR - timedelta(days=1)
        password = f'p"{number}, with a comma'
        thumbprints.add(write(folder / f"{number}.pfx", raw_rsa_keys[number], password=password, since=since))
        lines.append(f'{number}.pfx,"p""{number}, with a comma"')
    (folder / "people.csv").write_text("\n".join(lines))

    form: list[str | Path] = ["--path-to-pfx-file", folder, "--manifest", folder / "people.csv", "--upn", CAROL]
    made, told = pfx(server, "import", *form, "--intended-purpose", "SmimeEncryption")
    assert {each["thumbprint"] for each in made["imported"]} == thumbprints
    assert (made["updated"], made["failed"]) == ([], [])
    assert told == "", "who asks for JSON is told no progress"
    form += ["--intended-purpose", "SmimeEncryption", "--is-update", "--data-dir", data_dir_of(server)]
    again = fauxtune("pfx", "import", *form, commands=server.commands)
    assert again.stderr.count("updated") == 5
    assert "comma" not in again.stderr

    deliver_to_everybody(server, purpose="smimeEncryption")
    state = tmp_path / "phone"
    where = ["--server", server.https, "--ca", server.endpoints["caFile"], "--tenant", "contoso"]
    simulate(server, "enroll", "--platform", "android", "--user", CAROL, "--state", state, *where)
    simulate(server, "checkin", "--state", state, "--until-settled")
    keys = [each for each in simulate(server, "keystore", "--state", state) if each["source"] == "imported"]
    assert {key["thumbprint"] for key in keys} == thumbprints
    assert all(key["hasKey"] for key in keys)


def test_one_bad_file_does_not_stop_the_others(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    good = {write(tmp_path / f"good-{number}.pfx", raw_rsa_keys[number], mail=BOB) for number in range(2)}
    write(tmp_path / "a-locked.pfx", raw_rsa_keys[2], password="hunter2", mail=BOB)
    write(tmp_path / "nobody.pfx", raw_rsa_keys[3], mail="nobody@contoso.example")
    (tmp_path / "rubbish.p12").write_bytes(b"rubbish")
    (tmp_path / "pass.txt").write_text("secret\r\nsomething else\n")
    form: list[str | Path] = [
        "--path-to-pfx-file",
        tmp_path,
        "--pfx-password-file",
        tmp_path / "pass.txt",
        "--upn-from-certificate",
    ]

    made, told = pfx(server, "import", *form, code=1)
    assert {each["thumbprint"] for each in made["imported"]} == good == held(server, BOB)
    reasons = {Path(each["file"]).name: each["reason"] for each in made["failed"]}
    assert "Verify Password is Correct" in reasons["a-locked.pfx"]
    assert "no user nobody@contoso.example" in reasons["nobody.pfx"]
    assert "File must be a certificate" in reasons["rubbish.p12"]
    assert "Failed to import 3 Certificates" in told
    assert "secret" not in told

    again, told = pfx(server, "import", *form, code=1)
    assert again["imported"] == []
    assert sum("--is-update" in each["reason"] for each in again["failed"]) == 2
    updated, _ = pfx(server, "import", *form, "--is-update", code=1)
    assert {each["thumbprint"] for each in updated["updated"]} == good

    assert len(pfx(server, "list", "--upn", BOB, "--thumbprint", min(good).upper())[0]) == 1
    assert [each["thumbprint"] for each in pfx(server, "list", "--thumbprint", max(good))[0]] == [max(good)]
    gone, told = pfx(server, "remove", "--upn", BOB, "--thumbprint", min(good), "--thumbprint", "0" * 40, code=1)
    assert (gone["removed"], gone["failed"][0]["thumbprint"]) == ([min(good)], "0" * 40)
    assert "(404)" in told
    assert pfx(server, "remove", "--upn", BOB)[0]["removed"] == [max(good)]


def test_what_was_imported_before_ctrl_c_stays_and_the_command_can_be_repeated(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    thumbprints = [write(tmp_path / f"{number:02}.pfx", raw_rsa_keys[number % 16]) for number in range(_MANY)]
    data_dir = data_dir_of(server)
    form: list[str | Path] = ["--path-to-pfx-file", tmp_path, "--upn", ALICE, "--intended-purpose", "wifi"]
    command = [sys.executable, "-m", "fauxtune", "pfx", "import", *form, "--data-dir", data_dir, "--output", "json"]
    process = subprocess.Popen(
        list(map(str, command)),
        env=environment(FAUXTUNE_PFX_PASSWORD="secret"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process, Client(find(data_dir=data_dir)) as client:
        first_record = f"/deviceManagement/userPfxCertificates?$filter=userPrincipalName eq '{ALICE}'&$top=1"
        while process.poll() is None and not client.graph("GET", first_record)["value"]:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        printed, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, told
    first = json.loads(printed)
    done = {each["thumbprint"] for each in first["imported"]}
    assert thumbprints[0] in done
    assert len(done) + len(first["failed"]) == _MANY
    assert "interrupted" in told
    assert done <= held(server, ALICE)

    rest, _ = pfx(server, "import", *form, "--is-update", FAUXTUNE_PFX_PASSWORD="secret")
    assert len(rest["imported"]) + len(rest["updated"]) == _MANY
    assert held(server, ALICE) >= set(thumbprints)


def test_a_server_that_is_down_is_one_sentence(
    tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey], commands: Path
) -> None:
    write(tmp_path / "a.pfx", raw_rsa_keys[0])
    form: list[str | Path] = ["--path-to-pfx-file", tmp_path, "--pfx-password", "secret", "--upn", ALICE]
    where = ("--url", "https://localhost:1", "--data-dir", tmp_path)
    run = fauxtune("pfx", "import", *form, *where, commands=commands)
    assert (run.returncode, run.stdout) == (1, "")
    assert "is running." in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "nothing to import"),
        (("--path-to-pfx-file", "{}"), "no PFX file in"),
        (("--manifest", "{}/none.csv"), "cannot be read"),
        (("--path-to-pfx-file", "a.pfx", "--upn", ALICE, "--upn-from-certificate"), "cannot be used together"),
        (("--path-to-pfx-file", "a.pfx", "--pfx-password-file", "{}/none.txt"), "password file"),
        (("--path-to-pfx-file", "a.pfx"), "password is missing"),
        (("--path-to-pfx-file", "a.pfx", "--pfx-password", "x"), "user is missing"),
        (("--path-to-pfx-file", "a.pfx", "--admin-user-name", "x"), "must be given together"),
        (("--path-to-pfx-file", "a.pfx", "--authority", "login.other.example"), "must name the Graph"),
        (
            ("--path-to-pfx-file", "a.pfx", "--authority", "a.example", "--graph-uri", "b.example"),
            "For another service",
        ),
    ],
)
def test_an_import_that_is_not_fully_said_is_refused(
    server: Running, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    _, told = pfx(server, "import", *(argument.replace("{}", str(tmp_path)) for argument in arguments), code=1)
    assert reason in told


def test_the_same_server_may_be_named_by_address_authority_and_credentials(server: Running) -> None:
    endpoints = server.endpoints
    variables = {
        "FAUXTUNE_URL": endpoints["https"],
        "FAUXTUNE_CA": endpoints["caFile"],
        "FAUXTUNE_AUTHORITY": endpoints["https"],
        "FAUXTUNE_TENANT": endpoints["tenantId"],
        "FAUXTUNE_CLIENT_ID": endpoints["clientId"],
        "FAUXTUNE_CLIENT_SECRET": endpoints["clientSecret"],
    }
    run = fauxtune("pfx", "user-id", "--upn", ALICE, commands=server.commands, **variables)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.strip()) == 32
    variables["FAUXTUNE_CLIENT_SECRET"] = "hunter2"
    wrong = fauxtune("pfx", "user-id", "--upn", ALICE, commands=server.commands, **variables)
    assert (wrong.returncode, "AADSTS7000215" in wrong.stderr, "hunter2" in wrong.stderr) == (1, True, False)


def test_another_service_must_be_given_the_key(server: Running, tmp_path: Path) -> None:
    """The same Graph under its other name is somebody else's as far as the command can tell."""
    endpoints = server.endpoints
    other = endpoints["https"].replace("localhost", "127.0.0.1")
    form: list[str | Path] = [
        "--url",
        endpoints["https"],
        "--authority",
        other,
        "--ca",
        endpoints["caFile"],
        "--tenant",
        endpoints["tenantId"],
    ]
    form += ["--client-id", endpoints["clientId"], "--client-secret", endpoints["clientSecret"]]
    assert fauxtune("pfx", "user-id", "--upn", ALICE, *form, commands=server.commands).returncode == 0
    form += ["--path-to-pfx-file", tmp_path / "a.pfx", "--pfx-password", "x"]
    run = fauxtune("pfx", "import", *form, commands=server.commands)
    assert (run.returncode, "--key-file-path" in run.stderr) == (1, True)


def test_an_administrator_may_sign_in_with_a_password(server: Running) -> None:
    assert isinstance(pfx(server, "list", "--admin-user-name", ALICE, FAUXTUNE_ADMIN_PASSWORD="Fauxtune1!")[0], list)
    _, told = pfx(server, "list", "--admin-user-name", ALICE, FAUXTUNE_ADMIN_PASSWORD="wrong-one", code=1)
    assert "AADSTS50126" in told
    assert "wrong-one" not in told


def test_a_key_made_elsewhere_is_brought_to_the_connector(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    key, other = raw_rsa_keys[14:16]
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "key.blob").write_bytes(write_private_blob(other))
    (tmp_path / "rubbish").write_bytes(os.urandom(64))
    for name in ("pem", "blob"):
        form: list[str | Path] = ["--key-name", f"From {name}", "--file-path", tmp_path / f"key.{name}"]
        made, told = pfx(server, "import-private-key", *form, "--make-exportable")
        assert "no private key leaves" in told
        assert load_pem_public_key(made["publicKey"].encode()) == (key if name == "pem" else other).public_key()
    _, told = pfx(server, "import-private-key", "--key-name", "From pem", "--file-path", tmp_path / "key.blob", code=1)
    assert "(409)" in told
    for name, reason in (("rubbish", "RSAFULLPRIVATEBLOB"), ("none", "cannot be read")):
        _, told = pfx(server, "import-private-key", "--key-name", "New", "--file-path", tmp_path / name, code=1)
        assert reason in told


def test_a_private_blob_serves_as_the_file_of_the_public_key(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    thumbprint = write(tmp_path / "a.pfx", raw_rsa_keys[0])
    (tmp_path / "key.blob").write_bytes(write_private_blob(raw_rsa_keys[1]))
    form: list[str | Path] = ["--path-to-pfx-file", tmp_path / "a.pfx", "--pfx-password", "secret", "--upn", ALICE]
    made, _ = pfx(server, "import", *form, "--key-file-path", tmp_path / "key.blob", "--key-name", "Elsewhere")
    assert [(each["thumbprint"], each["keyName"]) for each in made["imported"]] == [(thumbprint, "Elsewhere")]
    pfx(server, "remove", "--upn", ALICE, "--thumbprint", thumbprint)
