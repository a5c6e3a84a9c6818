"""A connector that is a process of its own serves a tenant, and the server that it serves cannot open a PFX file.

The server's database, its folder and the whole memory of its process are searched for the keys and passwords that it
would need; the same search finds a password that is planted there.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from sqlalchemy import create_engine, select

from fauxtune.core.pki.pfx import PfxContents, read_pfx, write_pfx
from fauxtune.storage.tables import metadata
from tests.support.certificates import certificate_request
from tests.support.devices.android import AndroidOverHttp
from tests.support.running_server import SECONDS, Running, command_of, environment, fauxtune, serving

ALICE = "alice@contoso.example"
PASSWORD = "Pferd-Batterie-Klammer-4711"
PROVIDER = "Microsoft Software Key Storage Provider"
GRAPH = "/beta/deviceManagement"
CONTROL = "/_fauxtune/v1/tenants/contoso"
Json = dict[str, Any]
T = TypeVar("T")


# --------------------------------------------------------------------------------------------------------- who is there


@contextmanager
def connector(folder: Path, *arguments: str, commands: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """The connector of this folder, until the block ends. `commands` is as for `serving`."""
    command = [*command_of("fauxtune", commands), "connector", "run", "--state", str(folder), "--output", "json"]
    log = (folder / "log.txt").open("w")
    with (
        log,
        subprocess.Popen(
            [*command, *arguments], env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "log.txt").read_text()
            assert commands is not None or json.loads(line)["pid"] == process.pid
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def added(server: Running, folder: Path, *arguments: str, commands: Path) -> Json:
    """A connector that the server knows, with its folder."""
    words = (*arguments, "--state", str(folder), *where(server), "--output", "json")
    result = fauxtune("connector", "add", *words, commands=commands)
    assert result.returncode == 0, result.stderr
    document: Json = json.loads(result.stdout)
    assert "credential" not in document
    return document


def where(server: Running) -> tuple[str, ...]:
    return ("--url", server.https, "--ca", str(server.endpoints["caFile"]))


def phones(server: Running) -> httpx.AsyncClient:
    """The connections of the phones."""
    return httpx.AsyncClient(base_url=server.https, verify=server.trusting(), timeout=SECONDS)


async def pairs_of(phone: AndroidOverHttp) -> list[tuple[bytes, bytes]]:
    """Report that the phone holds nothing, and the PFX files with sealed passwords that its policy then has."""
    return list((await phone.fetch_policy((await phone.check_in()).policy_version)).pairs.values())


def opened(phone: AndroidOverHttp, pair: tuple[bytes, bytes]) -> tuple[str, PfxContents]:
    """The password and what is in the file, as the phone opens them."""
    password = phone.unseal(pair[1])
    return password.decode(), read_pfx(pair[0], password)


async def until(what: Callable[[], Awaitable[T]]) -> T:
    """What it gives once it gives something."""
    for _ in range(SECONDS * 10):
        result = await what()
        if result:
            return result
        await asyncio.sleep(0.1)
    raise AssertionError("it never came")


# ----------------------------------------------------------------------------------------------------- what is assigned


def assign_profiles(client: httpx.Client) -> None:
    client.patch(CONTROL, json={"settings": {"requireTrustedRoot": False}}).raise_for_status()
    for kind, properties in (
        ("androidForWorkImportedPFXCertificateProfile", {"intendedPurpose": "smimeEncryption"}),
        (
            "androidWorkProfilePkcsCertificateProfile",
            {
                "certificationAuthority": "ca.contoso.example",
                "certificationAuthorityName": "Contoso Issuing CA",
                "certificateTemplateName": "SmimeSigning",
                "subjectNameFormat": "commonName",
                "subjectAlternativeNameType": "emailAddress",
            },
        ),
    ):
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **properties}
        document = client.post(f"{GRAPH}/deviceConfigurations", json=body).raise_for_status().json()
        target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
        assignments = {"assignments": [{"target": target}]}
        client.post(f"{GRAPH}/deviceConfigurations/{document['id']}/assign", json=assignments).raise_for_status()


def import_pfx(
    server: Running, client: httpx.Client, folder: Path, *, key_name: str, commands: Path
) -> rsa.RSAPrivateKey:
    """A key and certificate of alice's that the server never had, imported with the connector's key; the key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    request = certificate_request(key, encoding=Encoding.PEM)
    body = {
        "template": "SmimeEncryption",
        "userPrincipalName": ALICE,
        "csr": request.decode(),
    }
    document = client.post(f"{CONTROL}/certificates", json=body).raise_for_status().json()
    certificate = x509.load_pem_x509_certificate(document["certificate"].encode())
    (folder / "alice.pfx").write_bytes(
        write_pfx(key=key, certificate=certificate, chain=[], password=PASSWORD, name="alice")
    )
    (folder / "alice.txt").write_text(PASSWORD)
    result = fauxtune(
        *("pfx", "import", "--path-to-pfx-file", folder / "alice.pfx"),
        *("--pfx-password-file", folder / "alice.txt", "--upn", ALICE, "--intended-purpose", "SmimeEncryption"),
        *("--provider-name", PROVIDER, "--key-name", key_name, *where(server)),
        commands=commands,
    )
    assert result.returncode == 0, result.stderr
    return key


# ----------------------------------------------------------------------------------------------------------- the search


def memory_of(pid: int) -> bytes:
    """All of a process's memory that can be read and written, and of its workers; nothing where the system forbids
    it.
    """
    results = [memory_of(int(worker)) for worker in workers_of(pid)]
    maps = Path(f"/proc/{pid}/maps")
    if not maps.exists():
        return b""
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for line in maps.read_text().splitlines():
                span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if span is None or "[vvar" in line:
                    continue
                start, end = (int(group, 16) for group in span.groups())
                memory.seek(start)
                try:
                    results.append(memory.read(end - start))
                except OSError:
                    continue  # a mapping without pages
    except PermissionError:
        return b""
    return b"\x00".join(results)


def workers_of(pid: int) -> list[str]:
    """The processes that a process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return children.read_text().split() if children.exists() else []


def database_of(url: str) -> bytes:
    engine = create_engine(url)
    results = []
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                results += [each if isinstance(each, bytes) else str(each).encode() for each in row]
    engine.dispose()
    return b"\x00".join(results)


def forms(secret: bytes) -> set[bytes]:
    """As it is, backwards (how numbers lie in memory), in hex and in base64 at each alignment."""
    cores = set()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        cores.add(text[-(-shift * 8 // 6) : -4])
    return {secret, secret[::-1], secret.hex().encode(), *cores}


def secrets_of(passwords: set[str], keys: list[rsa.RSAPrivateKey]) -> set[bytes]:
    result = set()
    for password in passwords:
        result |= forms(password.encode()) | {password.encode("utf-16-le"), password.encode("utf-16-be")}
    for key in keys:
        numbers = key.private_numbers()
        for number in (numbers.d, numbers.p, numbers.q):
            result |= forms(number.to_bytes((number.bit_length() + 7) // 8, "big"))
            result.add(str(number).encode())
    return result


def leaks(places: dict[str, bytes], secrets: set[bytes]) -> set[str]:
    return {name for name, data in places.items() if any(secret in data for secret in secrets)}


def places(server: Running, data: Path, url: str) -> dict[str, bytes]:
    files = {str(file): file.read_bytes() for file in data.rglob("*") if file.is_file()}
    return {"memory": memory_of(server.process.pid), "database": database_of(url), **files}


#: One program that does everything, of versions of which old ones are refused, is there in the current edition alone.
TODAY = ("--edition", "current")


# ------------------------------------------------------------------------------------------------------------ the tests


async def test_a_connector_of_its_own_serves_and_the_server_cannot_open_a_pfx(
    tmp_path: Path, database_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    data, own = tmp_path / "data", tmp_path / "connector"
    with (
        serving("--data-dir", data, "--database-url", database_url, *TODAY) as server,
        server.signed_in() as client,
    ):
        async with phones(server) as http:
            assign_profiles(client)
            known = added(server, own, "Connector 2", "--key-name", "OwnKey", "--alone", commands=commands)
            assert (known["location"], known["running"]) == ("process", False)
            phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0])
            assert await pairs_of(phone) == [], "nobody is there to answer"
            with connector(own) as process:
                await until(partial(keys_of, http, known["id"]))
                key = import_pfx(server, client, tmp_path, key_name="OwnKey", commands=commands)
                files = await until(partial(two_files, phone))
                passwords = {password for password, _ in files}
                assert PASSWORD in passwords
                result = next(contents for password, contents in files if password != PASSWORD)
                assert result.certificate.public_key() == result.key.public_key()
                assert isinstance(result.key, RSAPrivateKey)
                connector_key = load_pem_private_key((own / "keys" / "key-1.pem").read_bytes(), None)
                assert isinstance(connector_key, RSAPrivateKey)
                secrets = secrets_of(passwords, [key, result.key, connector_key])
                searched = places(server, data, database_url)
                assert len(searched["database"]) > 10_000
                assert leaks(searched, secrets) == set()
                the_search_would_see(server, client, data=data, url=database_url)
                the_log_tells(server, phone, result.certificate, commands=commands)
                entries = client.get(f"{GRAPH}/certificateConnectorDetails").raise_for_status().json()["value"]
                assert {entry["connectorName"] for entry in entries} == {"Certificate Connector 1", "Connector 2"}
                stop = ("connector", "stop", "--state", str(own), "--output", "json")
                answer = fauxtune(*stop, commands=commands)
                assert json.loads(answer.stdout)["stopped"] is True
                assert process.wait(SECONDS) == 0
            status = ("connector", "status", *where(server), "--output", "json")
            listed = json.loads(fauxtune(*status, commands=commands).stdout)
            assert [each["running"] for each in listed] == [None, False]
            assert json.loads(fauxtune(*stop, commands=commands).stdout)["stopped"] is False


async def keys_of(http: httpx.AsyncClient, connector_id: str) -> list[Json]:
    """The keys that a connector has told the server."""
    answer = await http.get(f"{CONTROL}/connectors/{connector_id}/keys")
    keys: list[Json] = answer.raise_for_status().json()["value"]
    return keys


async def two_files(phone: AndroidOverHttp) -> list[tuple[str, PfxContents]]:
    """The passwords and contents of the files, once there are two."""
    pairs = await pairs_of(phone)
    return [opened(phone, pair) for pair in pairs] if len(pairs) == 2 else []


def the_search_would_see(server: Running, client: httpx.Client, *, data: Path, url: str) -> None:
    planted = "gepflanzt-" + PASSWORD[::-1]
    body = {"displayName": planted, "mailEnabled": False, "mailNickname": "x", "securityEnabled": True}
    client.post("/v1.0/groups", json=body).raise_for_status()
    result = leaks(places(server, data, url), secrets_of({planted}, []))
    assert "database" in result
    assert "memory" in result or memory_of(server.process.pid) == b""


def the_log_tells(server: Running, phone: AndroidOverHttp, certificate: x509.Certificate, *, commands: Path) -> None:
    log = ("connector", "log", *where(server))
    result = fauxtune(*log, "--device", phone.enrollment_id, "--output", "json", commands=commands)
    events = json.loads(result.stdout)
    assert {(event["id"], event["name"]) for event in events} >= {
        (1020, "PkcsDownloadedRequest"),
        (1050, "PkcsIssuedSuccess"),
        (1102, "PkcsUploadedRequest"),
        (2020, "PkcsImportDownloadedRequest"),
        (2050, "PkcsImportReencryptSuccess"),
        (2102, "PkcsImportUploadedRequest"),
        (2100, "PkcsImportUploadSuccess"),
        (2000, "PkcsImportRequestSuccess"),
    }
    (issued,) = [event for event in events if event["id"] == 1050]
    names = {"id", "name", "time", "connector", "device", "managedDeviceId", "user", "diagnosticCode", "detail"}
    assert set(issued) == names
    assert (issued["connector"], issued["device"], issued["user"]) == ("Connector 2", phone.enrollment_id, ALICE)
    assert issued["detail"]["ca"] == "Contoso Issuing CA"
    assert issued["detail"]["template"] == "SmimeSigning"
    assert issued["detail"]["thumbprint"] == certificate.fingerprint(hashes.SHA1()).hex()
    following = subprocess.Popen(
        [commands / "fauxtune", *log, "--follow", "--output", "json"],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline()) in events
        following.kill()
    text = fauxtune(*log, "--id", "1050", commands=commands).stdout
    assert "Connector 2: 1050 PkcsIssuedSuccess alice " in text


async def test_what_a_killed_connector_was_at_work_on_is_answered_by_the_next(
    tmp_path: Path, postgresql_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    own, arguments = tmp_path / "connector", ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, *TODAY)
    with serving(*arguments, commands=commands) as server, server.signed_in() as client:
        async with phones(server) as http:
            assign_profiles(client)
            added(server, own, "Connector 2", "--alone", commands=commands)
            enrolled = [await AndroidOverHttp.enrolled(http, key=key) for key in raw_rsa_keys[:6]]
            with connector(own) as process:
                for phone in enrolled:
                    await phone.check_in()
                process.send_signal(signal.SIGKILL)
                process.wait()
            with connector(own, commands=commands):
                for phone in enrolled:
                    await until(partial(pairs_of, phone))
            registered = client.get(f"{CONTROL}/certificates").raise_for_status().json()["value"]
            for phone in enrolled:
                good = [
                    each for each in registered if each["device"] == phone.enrollment_id and each["status"] == "good"
                ]
                assert len(good) == 1, "what was lost in the crash is revoked"


async def test_requests_survive_a_restart_and_the_connector_finds_the_server_at_its_new_address(
    tmp_path: Path, sqlite_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    own, arguments = tmp_path / "connector", ("--data-dir", tmp_path / "data", "--database-url", sqlite_url, *TODAY)
    with serving(*arguments, commands=commands) as server, server.signed_in() as client:
        async with phones(server) as http:
            assign_profiles(client)
            added(server, own, "Connector 2", "--alone", commands=commands)
            phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0])
            assert await pairs_of(phone) == []
            assert server.stop()[0] == 0
    with (
        serving(*arguments, commands=commands) as server,
        connector(own, *where(server), commands=commands),
    ):
        async with phones(server) as http:
            again = replace(phone, http=http)
            (pair,) = await until(partial(pairs_of, again))
        _password, contents = opened(again, pair)
        assert contents.certificate.public_key() == contents.key.public_key()


def test_two_runs_on_one_folder_and_an_old_version_are_refused(tmp_path: Path, sqlite_url: str, commands: Path) -> None:
    own, folder = tmp_path / "connector", tmp_path / "data"
    with serving("--data-dir", folder, "--database-url", sqlite_url, *TODAY, commands=commands) as server:
        added(server, own, "Connector 2", "--role", "pkcs", commands=commands)
        again = fauxtune("connector", "add", "Connector 3", "--state", own, *where(server), commands=commands)
        assert (again.returncode, "already belongs to a connector" in again.stderr) == (1, True)
        with connector(own):
            second = fauxtune("connector", "run", "--state", own, commands=commands)
            assert second.returncode == 1
            assert f"A connector is already running on {own} " in second.stderr
        version = ("--connector-version", "6.2012.1.0")
        old = fauxtune("connector", "run", "--state", own, *version, commands=commands)
        assert (old.returncode, "are not served any more" in old.stderr) == (1, True)
        nobody = fauxtune("connector", "run", "--state", tmp_path / "nothing", commands=commands)
        assert (nobody.returncode, "create one with `fauxtune connector add`" in nobody.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [("log",), ("status",)])
def test_commands_say_what_is_wrong(arguments: tuple[str, ...], tmp_path: Path, commands: Path) -> None:
    result = fauxtune("connector", *arguments, "--data-dir", tmp_path, commands=commands)
    assert result.returncode == 1
    assert "No server is running" in result.stderr
