"""`fauxtune serve` as a process: its first line, its two listeners, its folder, its refusals, its end."""

from __future__ import annotations

import base64
import errno
import json
import os
import platform
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.core.administration.directory import PASSWORD
from fauxtune.core.model.addresses import is_answered
from fauxtune.operations.tenants.seeds import BUILT_IN
from fauxtune.server import StartRefused, lifespan, names
from fauxtune.server.bootstrap import chosen_seed, needs_own_secrets
from fauxtune.settings import Settings
from tests.support.certificates import issued_elsewhere
from tests.support.hostile_der import altered, tlv
from tests.support.running_server import SECONDS, Running, environment, fauxtune, serving

CONTOSO = {
    "tenant": "contoso",
    "tenantId": "c0ffee00-0000-4000-8000-000000000001",
    "clientId": "c0ffee00-0000-4000-8000-00000000a991",
    "clientSecret": "fauxtune-not-a-secret",
}


def test_the_first_line_says_everything_that_a_client_needs(tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path) as server:
        endpoints = server.endpoints
        assert CONTOSO.items() <= endpoints.items()
        assert endpoints["control"] == f"{endpoints['https']}/_fauxtune/v1"
        assert endpoints["console"] == f"{endpoints['http']}/console"
        assert endpoints["pid"] == server.process.pid
        assert json.loads((tmp_path / "endpoints.json").read_text()) == endpoints
        assert stat.S_IMODE((tmp_path / "endpoints.json").stat().st_mode) == 0o600
        assert httpx.get(f"{endpoints['http']}/readyz").json()["notReady"] == []
        with server.client() as client:
            assert client.get("/livez").status_code == 200
            form = {
                "grant_type": "client_credentials",
                "client_id": endpoints["clientId"],
                "client_secret": endpoints["clientSecret"],
                "scope": "https://localhost/.default",
            }
            token = client.post(f"/{endpoints['tenantId']}/oauth2/v2.0/token", data=form).json()["access_token"]
            users = client.get("/v1.0/users", headers={"authorization": f"Bearer {token}"}).json()["value"]
            assert {user["userPrincipalName"] for user in users} >= {"alice@contoso.example"}
        code, errors = server.stop()
    assert (code, errors) == (0, "")
    assert not (tmp_path / "endpoints.json").exists()


def test_every_loopback_address_is_served_and_certified(commands: Path) -> None:
    with serving("--ephemeral", commands=commands) as server:
        port = urllib.parse.urlsplit(server.https).port
        for host in ("localhost", "127.0.0.1", *(["[::1]"] if has_ipv6() else [])):
            assert httpx.get(f"https://{host}:{port}/readyz", verify=server.trusting()).status_code == 200


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        return probe.connect_ex(("::1", 1)) == errno.ECONNREFUSED


def test_a_second_start_finds_what_the_first_one_left(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, commands=commands) as first:
        authority = (tmp_path / "tls" / "ca.pem").read_bytes()
        certificate = (tmp_path / "tls" / "server.pem").read_bytes()
        crl_address = first.endpoints["http"]
        first.stop(signal.SIGTERM)
    with serving(
        "--data-dir", tmp_path, "--public-http-url", "http://pki.test", "--edition", "2020-04", commands=commands
    ) as second:
        assert second.endpoints["tenantId"] == first.endpoints["tenantId"]
        assert (tmp_path / "tls" / "ca.pem").read_bytes() == authority
        assert (tmp_path / "tls" / "server.pem").read_bytes() == certificate
        code, errors = second.stop()
    assert code == 0
    assert crl_address.rpartition(":")[2] in errors
    assert "http://pki.test" in errors
    assert "The tenant contoso keeps its edition, current; --edition 2020-04 is for new tenants." in errors


def test_an_ephemeral_server_leaves_nothing(commands: Path) -> None:
    with serving("--ephemeral", commands=commands) as server:
        folder = Path(server.endpoints["caFile"]).parents[1]
        assert folder.exists()
        server.stop()
    assert not folder.exists()


def test_an_option_that_has_no_effect_alone_is_named(commands: Path) -> None:
    with serving(
        "--ephemeral", "--proxy-port", "18888", FAUXTUNE_CLIENT_CERTIFICATE_HEADER="X-Certificate", commands=commands
    ) as server:
        code, errors = server.stop()
    assert code == 0
    first, second = errors.splitlines()
    assert first == "fauxtune: --proxy-port (FAUXTUNE_PROXY_PORT) has no effect without --intercept."
    assert "FAUXTUNE_CLIENT_CERTIFICATE_HEADER) has no effect without --trusted-proxy." in second


def test_without_a_seed_there_is_no_tenant(commands: Path) -> None:
    with serving("--ephemeral", "--seed", "none", commands=commands) as server:
        assert server.endpoints["tenant"] is None
        with server.client() as client:
            assert client.get("/readyz").status_code == 200


def test_the_printed_seed_can_be_edited_and_served(tmp_path: Path, commands: Path) -> None:
    seed = json.loads(fauxtune("serve", "--print-seed", commands=commands).stdout)
    seed["name"], seed["domain"] = "fabrikam", "fabrikam.example"
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(seed))
    with serving("--ephemeral", "--seed", file, commands=commands) as server:
        assert server.endpoints["tenant"] == "fabrikam"


@pytest.fixture(scope="module")
def named(commands: Path) -> Iterator[Running]:
    """A server for this machine, with public names of its own."""
    with serving(
        "--ephemeral",
        "--public-url",
        "https://fauxtune.example:9",
        "--public-http-url",
        "http://crl.example",
        commands=commands,
    ) as server:
        yield server


def test_a_killed_server_holds_up_nobody(tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path) as first:
        first.process.kill()
        first.process.wait(timeout=SECONDS)
    assert "has ended" in fauxtune("healthcheck", "--data-dir", tmp_path).stderr
    with serving("--data-dir", tmp_path) as second:
        assert second.endpoints["tenantId"] == first.endpoints["tenantId"]


def test_one_interrupt_ends_it_while_a_client_holds_a_connection_and_another_waits(commands: Path) -> None:
    with serving("--ephemeral", commands=commands) as server, server.client() as client:
        assert client.get("/livez").status_code == 200  # the connection stays open from here on
        begun = threading.Event()
        answers: list[int] = []

        def never_finished() -> None:
            split = urllib.parse.urlsplit(server.https)
            raw = socket.create_connection(("127.0.0.1", split.port or 0))
            with server.trusting().wrap_socket(raw, server_hostname="localhost") as wire:
                head = b"POST /contoso/oauth2/v2.0/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf"
                wire.sendall(head)
                begun.set()
                answers.append(int(wire.recv(12)[9:12]))

        thread = threading.Thread(target=never_finished)
        thread.start()
        begun.wait(timeout=SECONDS)
        code, errors = server.stop()
        thread.join(timeout=SECONDS)
        assert (code, errors) == (0, "")
        assert answers == [503]


def test_a_folder_in_use_is_refused_and_its_holder_named(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, commands=commands) as server:
        for command in (("serve", "--port", "0", "--http-port", "0"), ("db", "upgrade")):
            second = fauxtune(*command, "--data-dir", tmp_path, commands=commands)
            assert second.returncode == 1
            assert str(server.endpoints["pid"]) in second.stderr
            assert "Traceback" not in second.stderr
        with server.client() as client:
            assert client.get("/readyz").status_code == 200


def test_a_database_in_use_is_refused_and_its_holder_named(tmp_path: Path, database_url: str, commands: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with serving("--data-dir", first, "--database-url", database_url, commands=commands) as server:
        refused = fauxtune(
            "serve",
            "--port",
            "0",
            "--http-port",
            "0",
            "--data-dir",
            second,
            FAUXTUNE_DATABASE_URL=database_url,
            commands=commands,
        )
        assert refused.returncode == 1
        assert str(server.endpoints["pid"]) in refused.stderr
        assert server.stop() == (0, "")
    with serving("--data-dir", first, "--database-url", database_url, commands=commands) as again:
        assert again.endpoints["tenant"] == "contoso"


def test_one_sqlite_file_has_one_server_under_whatever_name(tmp_path: Path, commands: Path) -> None:
    first, link = tmp_path / "first", tmp_path / "link.sqlite"
    with serving("--data-dir", first, commands=commands) as server:
        file = first / lifespan.SQLITE_FILE
        link.symlink_to(file)
        for url in (f"sqlite:///{file}", f"sqlite+pysqlite:///{link}", f"sqlite:///file:{file}?uri=true"):
            command = ("serve", "--port", "0", "--http-port", "0", "--data-dir", tmp_path / "second")
            refused = fauxtune(*command, "--database-url", url, commands=commands)
            assert refused.returncode == 1
            assert str(server.endpoints["pid"]) in refused.stderr
        assert server.stop() == (0, "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--database-url", "nonsense"), "looks like postgresql+psycopg://"),
        (("--database-url", "mysql://user:a-secret@host/name"), "looks like postgresql+psycopg://"),
        (("--ephemeral", "--database-url", "postgresql://x/y"), "cannot be used together"),
        (("--ephemeral", "--data-dir", "kept"), "--data-dir"),
        (("--http-port", "18443", "--port", "18443"), "--port and --http-port are both 18443"),
        (("--http-port", "18443", "--intercept", "--proxy-port", "18443"), "--http-port and --proxy-port"),
        (("--host", "0.0.0.0"), "FAUXTUNE_CONTROL_TOKEN"),
        (("--seed", "no-such-file.json", "--ephemeral"), "no-such-file.json"),
        (("--port", "99999", "--ephemeral"), "FAUXTUNE_PORT"),
        (("--database-url", "postgresql+psycopg://nobody@localhost:1/none"), "cannot be used"),
    ],
)
def test_a_start_that_would_do_harm_is_refused_with_the_reason(
    tmp_path: Path, arguments: tuple[str, ...], reason: str, commands: Path
) -> None:
    data_dir = () if "--ephemeral" in arguments else ("--data-dir", tmp_path)
    refused = fauxtune("serve", "--port", "0", "--http-port", "0", *arguments, *data_dir, commands=commands)
    assert refused.returncode != 0
    assert reason in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize("option", ["--port", "--http-port"])
def test_a_taken_port_is_named_and_so_is_the_option_that_chooses_another(option: str, commands: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = fauxtune("serve", "--ephemeral", "--port", "0", "--http-port", "0", option, port, commands=commands)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert f"with {option}." in refused.stderr


def test_a_disk_that_takes_no_more_ends_a_start_with_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(StartRefused, match=f"{tmp_path} cannot be written: No space left"),
        lifespan.data_folder(Settings(data_dir=tmp_path)),
    ):
        Path("/dev/full").write_text("{}")


def test_with_a_token_strangers_may_be_served(commands: Path) -> None:
    with serving(
        "--ephemeral", "--host", "0.0.0.0", FAUXTUNE_CONTROL_TOKEN="a-secret-that-is-long", commands=commands
    ) as server:
        assert server.https.startswith("https://localhost:")
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
            for name in ("192.0.2.7:8443", "fauxtune.lan"):
                path = "/mdm/contoso/windows/EnrollmentServer/Discovery.svc"
                assert client.get(path, headers={"host": name}).status_code == 200
            _check_that_published_secrets_open_nothing(server, client)
        _check_that_variables_have_the_secret_that_is_good(server)


def _check_that_variables_have_the_secret_that_is_good(server: Running) -> None:
    """For a server elsewhere: nothing in a folder names its secret."""
    there = ("--for", "curl", "--url", server.https, "--ca", server.endpoints["caFile"])
    own = {"AZURE_CLIENT_SECRET": server.endpoints["clientSecret"]}
    for token, secret in (("a-secret-that-is-long", own), ("another-secret-of-others", {}), ("", {})):
        run, text = (
            fauxtune("env", *there, *more, FAUXTUNE_CONTROL_TOKEN=token) for more in (["--output", "json"], [])
        )
        assert {name: value for name, value in json.loads(run.stdout).items() if "SECRET" in name} == secret
        assert ("Set FAUXTUNE_CONTROL_TOKEN to the control token of this server" in run.stderr) == (not secret)
        assert ("TOKEN=$(curl" in text.stdout, CONTOSO["clientSecret"] in text.stdout) == (bool(secret), False)
        users = fauxtune("user", "list", *there[2:], FAUXTUNE_CONTROL_TOKEN=token, commands=server.commands)
        assert ("alice@contoso.example" in users.stdout) is bool(secret), users.stderr


def _check_that_published_secrets_open_nothing(server: Running, client: httpx.Client) -> None:
    own, url = server.endpoints, f"/{server.endpoints['tenantId']}/oauth2/v2.0/token"
    stated = client.get(
        "/_fauxtune/v1/tenants/contoso", headers={"authorization": "Bearer a-secret-that-is-long"}
    ).json()
    assert (stated["clientSecret"], stated["userPassword"]) == (own["clientSecret"], own["userPassword"])
    assert {own["clientSecret"], own["userPassword"]}.isdisjoint({CONTOSO["clientSecret"], PASSWORD})
    form = {"client_id": own["clientId"], "scope": "https://graph.microsoft.com/.default"}
    for secret, status in ((CONTOSO["clientSecret"], 401), (own["clientSecret"], 200)):
        application = {**form, "grant_type": "client_credentials", "client_secret": secret}
        assert client.post(url, data=application).status_code == status
        for password, opens in ((PASSWORD, 400), (own["userPassword"], 200)):
            person = {**form, "grant_type": "password", "username": "alice@contoso.example", "password": password}
            assert client.post(url, data=person).status_code == opens
    # One click is not enough either: the page asks for the user's password, and nobody is signed in without a page.
    page = f"/{own['tenantId']}/oauth2/v2.0/authorize"
    asked = {**form, "scope": "openid", "response_type": "code", "redirect_uri": "http://localhost/back"}
    assert 'name="password"' in client.get(page, params=asked).text
    silent = client.get(page, params={**asked, "prompt": "none", "login_hint": "alice@contoso.example"})
    assert "error=login_required" in silent.headers["location"]


def test_a_seed_or_a_setting_asks_for_the_published_secrets(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(BUILT_IN))
    silent = tmp_path / "silent.json"
    silent.write_text(json.dumps({"name": "own", "domain": "own.example", "users": [{"userPrincipalName": "eve"}]}))
    token = {"control_token": "a-secret-that-is-long"}
    for given, needs in (
        ({}, False),
        (token, True),
        ({**token, "published_secrets": True}, False),
        ({**token, "seed": str(file)}, False),
        ({**token, "seed": str(silent)}, True),
    ):
        settings = Settings(**given)
        assert needs_own_secrets(settings, seed=chosen_seed(settings)) is needs, given


def test_certificates_as_others_make_them_leave_nothing_on_standard_error(commands: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    model = issued_elsewhere(key, "alice@contoso.example", begin=begin)

    def old(parts: list[bytes]) -> None:
        parts[1] = bytes.fromhex("020100")  # the serial number
        parts[5] = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"x" * 80))))
        parts[7] = tlv(0xA3, tlv(0x30, tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, bytes.fromhex("30030101ff")))))

    root = altered(model, key, old)
    with serving("--ephemeral", commands=commands) as server:
        with server.signed_in() as client:
            document = {
                "@odata.type": "#microsoft.graph.iosTrustedRootCertificate",
                "displayName": "Old",
                "trustedRootCertificate": base64.b64encode(root).decode(),
            }
            client.post("/beta/deviceManagement/deviceConfigurations", json=document).raise_for_status()
        assert server.stop() == (0, "")


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v1.0/users", '"error":{"code":"BadRequest"'),
        ("/contoso/v2.0/.well-known/openid-configuration", '"error":"invalid_request"'),
        ("/_fauxtune/v1/tenants", '"code":"Misdirected"'),
        ("/mdm/contoso/android/v1/enterprises/x/devices/y/policy", '"status":"INVALID_ARGUMENT"'),
        ("/mdm/contoso/apple/enroll", ""),
        ("/mdm/contoso/windows/EnrollmentServer/Discovery.svc", "<s:Fault>"),
        ("/push/contoso/token", '"error"'),
        ("/connector/contoso/v1/sessions/x", '"error"'),
        ("/favicon.ico", '"error"'),
    ],
)
def test_a_page_that_calls_this_address_by_a_name_of_its_own_is_told_nothing(
    named: Running, path: str, word: str
) -> None:
    with named.client() as client:
        for evil in ("evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example"):
            answer = client.get(path, headers={"host": evil})
            assert answer.status_code == 421
            assert f"'{evil.partition(':')[0]}'" in answer.text.replace("&#39;", "'")
            assert word in answer.text.replace(": ", ":")
        for ours in (
            "LOCALHOST:1",
            "127.0.0.1",
            "[::1]:8443",
            "graph.microsoft.com",
            "fauxtune.example",
            "crl.example",
        ):
            assert client.get(path, headers={"host": ours}).status_code != 421


def test_what_certificates_point_at_is_read_under_every_name(named: Running) -> None:
    with named.client() as client:
        assert client.get("/pki/contoso/issuing/crl", headers={"host": "evil.example"}).status_code == 200


def test_text_mode_says_loudly_that_this_is_an_emulator(tmp_path: Path, commands: Path) -> None:
    command: list[str | Path] = [
        commands / "fauxtune",
        "serve",
        "--port",
        "0",
        "--http-port",
        "0",
        "--data-dir",
        tmp_path,
    ]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while "Ctrl-C" not in text:
            text += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS) == 0
    assert text.splitlines()[0].startswith("Look at it in a browser: http://localhost:")
    assert text.splitlines()[0].endswith("/console")
    assert "EMULATOR" in text
    for word in ("fauxtune-not-a-secret", "ca.pem", "/beta", "edition"):
        assert word in text


def test_the_console_is_opened_in_the_browser_of_whoever_starts_the_server(tmp_path: Path, commands: Path) -> None:
    visit, browser = tmp_path / "visit", tmp_path / "browser"
    os.mkfifo(visit)
    browser.write_text(f'#!/bin/sh\necho "$1" > "{visit}"\n')
    browser.chmod(0o755)
    with serving("--ephemeral", "--open", BROWSER=f"{browser} %s", commands=commands) as server:
        assert visit.read_text() == f"{server.endpoints['http']}/console\n"
        assert server.stop() == (0, "")


def test_a_machine_without_a_browser_is_told_the_address(commands: Path) -> None:
    with serving("--ephemeral", "--open", BROWSER="/no/such/browser %s", commands=commands) as server:
        assert server.process.stderr is not None
        line = server.process.stderr.readline()
        assert line == f"fauxtune: No browser could be opened here. Open {server.endpoints['http']}/console yourself.\n"


def test_tls_has_no_old_protocols_and_no_stranger_comes_in(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, commands=commands) as server:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{server.https}/readyz")
        # A certificate of nobody's: the server's own, which no device authority signed.
        context = server.trusting()
        context.load_cert_chain(tmp_path / "tls" / "server.pem", tmp_path / "tls" / "server.key")
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError, ssl.SSLError)):
            httpx.get(f"{server.https}/readyz", verify=context)
        server.stop()  # and has given its folder back
    with serving("--data-dir", tmp_path, "--no-client-certificates", commands=commands) as server:
        assert httpx.get(f"{server.https}/readyz", verify=context).status_code == 200


@pytest.mark.parametrize(
    ("settings", "answered", "refused"),
    [
        (Settings(), ("localhost", "127.0.0.1"), ("evil.example", "192.0.2.7")),
        (
            Settings(host="0.0.0.0", name="Trainer.local"),
            ("trainer.local", "localhost", "192.0.2.7", "2001:db8::1", "graph.microsoft.com"),
            ("evil.example", "trainer.local.evil.example", ""),
        ),
        (Settings(host="0.0.0.0", name="x", public_url="https://a.example"), ("a.example",), ("b.example",)),
    ],
    ids=["this machine", "others by a name", "others by an address of its own"],
)
def test_a_server_answers_under_its_names_alone_also_where_other_machines_reach_it(
    settings: Settings, answered: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    own = names.answering_names(settings)
    assert own is not None
    assert [is_answered(name, own) for name in answered] == [True] * len(answered)
    assert [is_answered(name, own) for name in refused] == [False] * len(refused)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has heaps that can be counted")
def test_a_server_has_two_heaps_however_many_threads_it_has() -> None:
    code = """
import ctypes, sys, threading
from fauxtune.server.lifespan import bound_heaps
bound_heaps()
library, all_have = ctypes.CDLL(None), threading.Barrier(9)
library.malloc.restype = ctypes.c_void_p
def work():
    library.malloc(5000)
    all_have.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads:
    each.start()
all_have.wait()
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""
    run = subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True)
    assert run.stdout.count("<heap nr=") == 2
