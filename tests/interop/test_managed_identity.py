"""azure-identity for Python and for Node, unmodified, sign in without a secret: with what `fauxtune env` prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fauxtune.settings import Settings
from tests.support.running_server import Running, fauxtune, serving
from tests.support.sign_in import CLIENT

HERE = Path(__file__).parent
KINDS = ("imds", "app-service", "arc", "workload")
#: An application that only reads users, and one that does not exist.
NIGHTLY, NOBODY = "5e1fc0de-0000-4000-8000-000000000003", "5e1fc0de-0000-4000-8000-000000000004"

#: Runs a program with these variables and arguments: its lines of JSON.
Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    """A server with the application NIGHTLY, which answers for Microsoft's hosts, too."""
    folder = tmp_path_factory.mktemp("identities") / "data"
    arguments = ("--data-dir", folder, "--intercept", "--proxy-port", "0")
    with serving(*arguments, commands=commands) as running:
        body = {"clientId": NIGHTLY, "displayName": "Nightly", "roles": ["User.Read.All"]}
        with running.client() as client:
            client.post("/_fauxtune/v1/tenants/contoso/applications", json=body).raise_for_status()
        yield running


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the script, with the packages in the versions that package.json names."""
    folder = tmp_path_factory.mktemp("node")
    for file in ("package.json", "identities.mjs"):
        shutil.copy(HERE / "node" / file, folder)
    words = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(words, cwd=folder, check=True, timeout=240)
    return folder


@pytest.fixture(
    params=[
        "python",
        pytest.param("node", marks=[pytest.mark.program("node", package="nodejs"), pytest.mark.program("npm")]),
    ]
)
def run(request: pytest.FixtureRequest) -> Run:
    """Run the script of a language."""
    if request.param == "python":
        command, folder = [sys.executable, str(HERE / "identities.py")], HERE
    else:
        folder = request.getfixturevalue("node")
        command = ["node", "identities.mjs"]

    def run(variables: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def variables(server: Running, kind: str, *arguments: str) -> dict[str, str]:
    """Return what `fauxtune env --identity` prints for either language."""
    result: dict[str, str] = {}
    for program in ("python", "node"):
        words = ("env", "--identity", kind, "--for", program, "--data-dir", server.endpoints["dataDir"], *arguments)
        done = fauxtune(*words, "--output", "json", commands=server.commands)
        assert done.returncode == 0, done.stderr
        assert server.endpoints["clientSecret"] not in done.stdout
        result |= json.loads(done.stdout)
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_an_identity_gets_tokens_with_the_roles_of_its_application(server: Running, run: Run, kind: str) -> None:
    if kind == "arc":
        _skip_without_folder()
    of_tenant = run(variables(server, kind), kind)
    assert [(each["appid"], each["roles"] > 10, each["graph"]) for each in of_tenant] == [(CLIENT, True, 200)] * 2
    nightly = run(variables(server, kind, "--application", NIGHTLY), kind)
    assert nightly == [{"appid": NIGHTLY, "roles": 1, "graph": 200}] * 2


@pytest.mark.parametrize("kind", ["imds", "app-service", "arc"])
def test_a_user_assigned_identity_is_any_application_and_an_unknown_one_is_refused_at_once(
    server: Running, run: Run, kind: str
) -> None:
    if kind == "arc":
        _skip_without_folder()
    known = variables(server, kind)
    assert run(known, kind, NIGHTLY) == [{"appid": NIGHTLY, "roles": 1, "graph": 200}] * 2
    for refused in run(known, kind, NOBODY):
        assert "Identity not found" in refused["refused"] or "Not Available" in refused["refused"]
        assert refused["seconds"] < 20, "the client tried again and again"


def test_a_workload_signs_in_at_microsofts_own_host_through_the_proxy(server: Running, run: Run) -> None:
    known = variables(server, "workload", "--application", NIGHTLY)
    del known["AZURE_AUTHORITY_HOST"]
    proxied = {**known, "HTTPS_PROXY": server.endpoints["proxy"], "NO_PROXY": "localhost"}
    assert run(proxied, "workload") == [{"appid": NIGHTLY, "roles": 1, "graph": 200}] * 2


def test_a_workload_whose_credential_was_removed_is_refused(server: Running, run: Run) -> None:
    known = variables(server, "workload", "--application", NIGHTLY)
    with server.signed_in() as client:
        path = f"/v1.0/applications(appId='{NIGHTLY}')/federatedIdentityCredentials/fauxtune"
        client.delete(path).raise_for_status()
    assert all("AADSTS700211" in each["refused"] for each in run(known, "workload"))


def _skip_without_folder() -> None:
    folder = Settings().arc_tokens
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        pytest.skip(f"Azure Arc's clients look only in {folder}: {error.strerror}")
    if not os.access(folder, os.W_OK):
        pytest.skip(f"Azure Arc's clients look only in {folder}, which this user cannot write")
