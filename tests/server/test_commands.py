"""The commands that speak to a running server, as processes: what they print, and when they say no."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fauxtune.core.pki.cng import read_public_blob
from fauxtune.server.system import SystemClock
from fauxtune_cli.main import app
from tests.support.certificates import make_pfx, self_signed, thumbprint
from tests.support.running_server import Running, environment, fauxtune, serving

ALICE = "alice@contoso.example"
OPENAPI = Path(__file__).parents[2] / "openapi"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def server(folder: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", folder / "data", commands=commands) as server:
        yield server


@pytest.fixture(scope="module")
def pfx_file(folder: Path, raw_rsa_keys: list[RSAPrivateKey]) -> tuple[Path, str]:
    """A PFX file whose password is `secret`, and its thumbprint."""
    return write_identity(folder, raw_rsa_keys[0], password="secret")


def write_identity(folder: Path, key: RSAPrivateKey, *, password: str) -> tuple[Path, str]:
    now = SystemClock().now()
    certificate = self_signed(key, "alice", begin=now, lifetime=timedelta(days=9))
    file = folder / "alice.pfx"
    file.write_bytes(make_pfx(key, certificate, password=password))
    return file, thumbprint(certificate)


def done(*arguments: str | Path, server: Running) -> object:
    """What the command printed as JSON, after it succeeded."""
    data_dir = Path(server.endpoints["caFile"]).parents[1]
    run = fauxtune(*arguments, "--data-dir", data_dir, "--output", "json", commands=server.commands)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def refused(*arguments: str | Path, server: Running) -> str:
    data_dir = Path(server.endpoints["caFile"]).parents[1]
    run = fauxtune(*arguments, "--data-dir", data_dir, commands=server.commands)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    return run.stderr


def test_the_help_has_examples(commands: Path) -> None:
    assert "Usage" in fauxtune("--help", commands=commands).stdout
    for command in (["serve"], ["env"], ["trust"], ["pfx", "import"], ["db", "upgrade"]):
        text = fauxtune(*command, "--help", commands=commands).stdout
        assert f"fauxtune {' '.join(command)}" in text.replace("Usage: fauxtune", "")


def test_the_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, fauxtune_cli.main; print(*({'fastapi', 'sqlalchemy', 'cryptography', 'httpx'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""


def test_a_start_loads_nothing_that_only_requests_need() -> None:
    only_requests = {
        *("asn1crypto", "fastapi", "joserfc", "lxml", "pydantic", "fauxtune.core.graph.index"),
        *("fauxtune.core.profiles.catalog", "fauxtune.operations.checkin.checkin", "fauxtune.operations.connectors"),
        "fauxtune.surfaces.graph",
    }
    # `due` is what an idle server does every few seconds.
    imported = "fauxtune.server.serve, fauxtune.operations.checkin.due"
    code = f"import sys, {imported}; print(*({only_requests} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""


def test_healthcheck_finds_the_server_by_folder_by_url_and_by_environment(
    server: Running, folder: Path, commands: Path
) -> None:
    assert done("healthcheck", server=server) == {"url": server.https, "ready": True, "notReady": []}
    ca = server.endpoints["caFile"]
    assert fauxtune("healthcheck", "--url", server.https, "--ca", ca, commands=commands).returncode == 0
    assert fauxtune("healthcheck", FAUXTUNE_URL=server.https, FAUXTUNE_CA=ca, commands=commands).returncode == 0
    assert fauxtune("healthcheck", FAUXTUNE_DATA_DIR=str(folder / "data"), commands=commands).returncode == 0


def test_a_folder_on_the_command_line_comes_before_variables_of_another_server(
    server: Running, folder: Path, tmp_path: Path, commands: Path
) -> None:
    data, elsewhere = folder / "data", {"FAUXTUNE_URL": "https://localhost:1", "FAUXTUNE_CA": "/nowhere.pem"}
    ready = fauxtune("healthcheck", "--data-dir", data, commands=commands, **elsewhere)
    assert ready.stdout == f"{server.https} is ready.\n", ready.stderr
    phone = ("--user", "alice", "--platform", "ios", "--state", str(tmp_path / "phone"))
    enrolled = fauxtune("enroll", "--data-dir", data, *phone, program="fauxtune-sim", commands=commands, **elsewhere)
    assert enrolled.returncode == 0, enrolled.stderr
    named = fauxtune("healthcheck", "--data-dir", data, "--url", "https://localhost:1", commands=commands)
    assert "https://localhost:1" in named.stderr


def test_a_server_that_cannot_be_reached_is_named_with_a_way_out(
    server: Running, tmp_path: Path, commands: Path
) -> None:
    assert "endpoints.json" in fauxtune("healthcheck", "--data-dir", tmp_path, commands=commands).stderr
    assert "--ca" in fauxtune("healthcheck", "--url", server.https, "--data-dir", tmp_path, commands=commands).stderr
    silent = fauxtune("healthcheck", "--url", "https://localhost:1", "--data-dir", tmp_path, commands=commands)
    assert (silent.returncode, "is running." in silent.stderr) == (1, True)


def test_a_list_for_somebody_who_does_not_exist_says_so(server: Running) -> None:
    assert done("pfx", "list", "--upn", "bob@contoso.example", server=server) == []
    assert refused("pfx", "list", "--upn", "nobody@x", server=server) == "fauxtune: There is no user nobody@x.\n"
    for command in ("history", "diagnose"):
        assert refused(command, "--user", "nobody@x", server=server).startswith("fauxtune: There is no user 'nobody@x'")


def test_trust_says_where_the_ca_is_and_writes_it(server: Running, tmp_path: Path) -> None:
    out = tmp_path / "ca.pem"
    document = done("trust", "--out", out, server=server)
    assert isinstance(document, dict)
    assert document["caFile"] == server.endpoints["caFile"]
    assert out.read_bytes() == Path(document["caFile"]).read_bytes()
    result = x509.load_pem_x509_certificate(out.read_bytes()).fingerprint(hashes.SHA256()).hex()
    assert document["sha256"] == result


@pytest.mark.parametrize(
    ("language", "variable"),
    [
        ("python", "REQUESTS_CA_BUNDLE"),
        ("node", "NODE_EXTRA_CA_CERTS"),
        ("powershell", "AZURE_AUTHORITY_HOST"),
        ("curl", "CURL_CA_BUNDLE"),
    ],
)
def test_env_prints_what_each_client_reads(server: Running, language: str, variable: str) -> None:
    values = done("env", "--for", language, server=server)
    assert isinstance(values, dict)
    assert values["AZURE_CLIENT_SECRET"] == server.endpoints["clientSecret"]
    assert variable in values


def test_the_lines_of_env_can_be_pasted_into_a_shell(server: Running, folder: Path, commands: Path) -> None:
    lines = fauxtune("env", "--for", "python", "--data-dir", folder / "data", commands=commands).stdout
    result = subprocess.run(
        ["sh", "-c", f'{lines}\nprintf %s "$AZURE_TENANT_ID $SSL_CERT_FILE"'],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stdout == f"{server.endpoints['tenantId']} {server.endpoints['caFile']}"


@pytest.mark.program("curl", package="curl")
def test_the_lines_for_curl_get_a_token_that_works(server: Running, folder: Path, commands: Path) -> None:
    lines = fauxtune("env", "--for", "curl", "--data-dir", folder / "data", commands=commands).stdout
    call = 'curl -sS -H "Authorization: Bearer $TOKEN" "$FAUXTUNE_GRAPH_URL/users"'
    result = subprocess.run(
        ["sh", "-c", f"{lines}\n{call}"], env=environment(), check=True, capture_output=True, text=True
    )
    assert ALICE in result.stdout, server.https


def test_db_upgrade_makes_the_schema_and_says_so(tmp_path: Path, commands: Path) -> None:
    first, second = (
        fauxtune("db", "upgrade", "--data-dir", tmp_path, "--output", "json", commands=commands) for _ in range(2)
    )
    assert json.loads(first.stdout)["upgraded"] is True
    assert json.loads(second.stdout)["upgraded"] is False
    with serving("--data-dir", tmp_path, commands=commands) as server:
        assert server.endpoints["tenant"] == "contoso"


def test_a_database_of_an_older_version_is_refused_and_left_as_it_is(tmp_path: Path, commands: Path) -> None:
    file = tmp_path / "fauxtune.sqlite"
    with closing(sqlite3.connect(file)) as old:
        old.executescript("""PRAGMA journal_mode=WAL; CREATE TABLE alembic_version (version_num VARCHAR(32));
            INSERT INTO alembic_version VALUES ('0046'); CREATE TABLE users (id TEXT)""")
    before = file.read_bytes()
    for command in (("serve", "--port", "0", "--http-port", "0"), ("db", "upgrade")):
        refused = fauxtune(*command, "--data-dir", tmp_path, commands=commands)
        assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (1, 1, "")
        for part in ("revision 0046", "version that made it (fauxtune tenant export", "(fauxtune tenant import"):
            assert part in refused.stderr
        assert file.read_bytes() == before


def test_openapi_writes_the_same_files_every_time(tmp_path: Path, commands: Path) -> None:
    """The files of the repository are what another process wrote."""
    assert fauxtune("openapi", "--out", tmp_path, commands=commands).returncode == 0
    written, earlier = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in (tmp_path, OPENAPI))
    assert {"devices.json", "identity.json"} <= set(written)
    assert set(written) == set(earlier)
    for name, text in written.items():
        same = text == earlier[name]
        assert same, f"openapi/{name} is out of date: run make openapi"
        assert json.loads(text)["$schema" if name.endswith(".schema.json") else "paths"]


def test_a_public_key_is_written_once_in_either_form(server: Running, tmp_path: Path) -> None:
    pem, blob = tmp_path / "key.pem", tmp_path / "key.blob"
    done("pfx", "export-public-key", "--file-path", pem, server=server)
    done("pfx", "export-public-key", "--file-path", blob, "--file-format", "CngBlob", server=server)
    assert load_pem_public_key(pem.read_bytes()) == read_public_blob(blob.read_bytes())
    assert "exists already" in refused("pfx", "export-public-key", "--file-path", pem, server=server)


def test_a_certificate_is_imported_listed_updated_and_removed(
    server: Running, pfx_file: tuple[Path, str], tmp_path: Path
) -> None:
    file, thumbprint = pfx_file
    key_file = tmp_path / "key.blob"
    done("pfx", "add-key", "--key-name", "Second", server=server)
    assert "Second" in refused("pfx", "add-key", "--key-name", "Second", server=server)
    form: list[str | Path] = ["--key-name", "Second", "--file-path", key_file, "--file-format", "CngBlob"]
    done("pfx", "export-public-key", *form, server=server)
    command: list[str | Path] = [
        "pfx",
        "import",
        "--path-to-pfx-file",
        file,
        "--pfx-password",
        "secret",
        "--upn",
        ALICE,
    ]

    result = done(*command, "--intended-purpose", "SmimeEncryption", "--key-file-path", key_file, server=server)
    assert isinstance(result, dict)
    (result,) = result["imported"]
    assert (result["thumbprint"], result["intendedPurpose"]) == (thumbprint, "smimeEncryption")
    assert (result["encryptedPfxBlob"], result["encryptedPfxPassword"]) == ("AA==", "")

    assert "(409)" in refused(*command, server=server)
    done(*command, "--intended-purpose", "smimeSigning", "--is-update", server=server)
    answer = done("pfx", "list", "--upn", ALICE.upper(), server=server)
    assert isinstance(answer, list)
    assert [each["intendedPurpose"] for each in answer if each["thumbprint"] == thumbprint] == ["smimeSigning"]

    one = done("pfx", "remove", "--upn", ALICE, "--thumbprint", thumbprint.upper(), server=server)
    assert one == {"removed": [thumbprint], "failed": []}
    assert done("pfx", "list", "--upn", ALICE, server=server) == []
    assert done("pfx", "remove", "--upn", ALICE, server=server) == {"removed": [], "failed": []}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("--pfx-password", "wrong"), "Verify Password is Correct"),
        (("--pfx-password", "sch\u00f6n"), "outside ASCII"),
        (("--upn", "nobody@contoso.example"), "no user nobody@contoso.example"),
        (("--key-file-path", "no-such.pem"), "no-such.pem"),
        (("--key-name", "NoSuchKey"), "NoSuchKey"),
    ],
)
def test_an_import_that_cannot_work_is_refused_before_it_is_sent(
    server: Running, pfx_file: tuple[Path, str], change: tuple[str, str], reason: str
) -> None:
    command: list[str | Path] = [
        "pfx",
        "import",
        "--path-to-pfx-file",
        pfx_file[0],
        "--pfx-password",
        "secret",
        "--upn",
        ALICE,
    ]
    assert reason in refused(*command, *change, server=server)


def test_a_file_that_is_no_pfx_is_refused(server: Running, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pfx"
    rubbish.write_bytes(b"rubbish")
    command: list[str | Path] = [
        "pfx",
        "import",
        "--path-to-pfx-file",
        rubbish,
        "--pfx-password",
        "secret",
        "--upn",
        ALICE,
    ]
    assert "File must be a certificate" in refused(*command, server=server)


def test_a_password_that_the_key_has_no_room_for_is_refused(
    server: Running, tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    password = "s" * 127
    file, _ = write_identity(tmp_path, raw_rsa_keys[0], password=password)
    command: list[str | Path] = [
        "pfx",
        "import",
        "--path-to-pfx-file",
        file,
        "--pfx-password",
        password,
        "--upn",
        ALICE,
    ]
    assert "at most 126" in refused(*command, server=server)


def test_what_a_shell_evaluates_fails_if_no_server_runs(tmp_path: Path, commands: Path) -> None:
    found = fauxtune("env", "--for", "python", "--data-dir", tmp_path, commands=commands)
    assert (found.returncode, found.stdout) == (1, "false\n")
    assert found.stderr.count("No server is running") == 1
    away = fauxtune("env", "--url", "https://localhost:1", "--data-dir", tmp_path, commands=commands)
    assert (away.returncode, away.stdout) == (1, "false\n")


def test_env_asks_for_the_application_of_another_tenant(server: Running) -> None:
    made = done("tenant", "create", "neighbour", server=server)
    values = done("env", "--tenant", "neighbour", server=server)
    assert isinstance(made, dict)
    assert isinstance(values, dict)
    assert (values["AZURE_CLIENT_ID"], values["AZURE_CLIENT_SECRET"]) == (made["clientId"], made["clientSecret"])
    assert values["AZURE_TENANT_ID"] == made["id"]


def test_a_server_that_has_ended_does_not_wait_for_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    left = list[int]()
    monkeypatch.setattr("gc.disable", lambda: None)
    monkeypatch.setattr("fauxtune.server.serve.run", lambda _settings, _announce: print("all is closed", end=""))
    monkeypatch.setattr("os._exit", left.append)
    output = StringIO()
    monkeypatch.setattr("sys.stdout", output)
    app.main(["serve"], standalone_mode=False)
    assert (left, output.getvalue()) == ([0], "all is closed")
