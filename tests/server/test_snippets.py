"""Requests as text to paste: the shell and Python run them, and the server gets exactly the request."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fauxtune.core.administration.directory import GROUPS, create_group, license_user
from fauxtune.core.administration.emulation import advance_clock, create_tenant
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.administration.snippets import Addresses, as_curl, as_powershell, as_python, powershell_text
from tests.support.running_server import Running, environment, fauxtune, serving

#: Quotation marks of every kind, what shells and Python replace, a letter beyond 16 bits, and one that turns the text.
NAMES = [
    'it\'s "quoted" \\n \\\\ $HOME $(id) `id` !! %s {x} #',
    "المبيعات والتسويق",
    "‘curly’ “curly” \u202e turned \U000e0041",
    "'@",
    "-d @/etc/hostname",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snippets") / "data"


@pytest.fixture(scope="module")
def server(data: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", data, commands=commands) as running:
        yield running


def pasted(request: AdminRequest, language: str, *, server: Running, data: Path) -> str:
    """What the request prints after the variables of `fauxtune env` were set."""
    variables = fauxtune("env", "--for", language, "--data-dir", data, commands=server.commands)
    assert variables.returncode == 0, variables.stderr
    addresses = Addresses(server.https, "contoso")
    if language == "curl":
        command = as_curl(request, addresses)
    else:
        script = data.parent / "snippet.py"
        script.write_text(as_python(request, addresses), encoding="utf-8")
        command = f"{sys.executable} {script}"
    shell = f"set -eu\n{variables.stdout}\n{command}"
    run = subprocess.run(["bash", "-c", shell], env=environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, (command, run.stderr)
    return run.stdout


@pytest.mark.program("curl", package="curl")
@pytest.mark.parametrize("language", ["curl", "python"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pasted_request_arrives_as_it_is(server: Running, data: Path, name: str, language: str) -> None:
    answer = pasted(create_group(name, description=name), language, server=server, data=data)
    group = json.loads(answer[answer.index("{") :])
    assert (group["displayName"], group["description"]) == (name, name)
    pasted(delete_object(GROUPS, group["id"]), language, server=server, data=data)
    with server.signed_in() as graph:
        assert graph.get(f"/beta/groups/{group['id']}").status_code == 404


@pytest.mark.program("curl", package="curl")
@pytest.mark.parametrize("language", ["curl", "python"])
def test_the_control_surface_is_asked_too(server: Running, data: Path, language: str) -> None:
    assert '"offset"' in pasted(advance_clock("P1D"), language, server=server, data=data)
    created = pasted(create_tenant(name=f"by-{language}", seed="none"), language, server=server, data=data)
    assert f'"by-{language}"' in created


def test_powershell_gets_json_in_a_here_string_that_no_name_ends() -> None:
    for name in NAMES:
        command = as_powershell(create_group(name), Addresses("https://localhost:8443", "contoso"))
        assert command.startswith("Invoke-MgGraphRequest -Method POST -Uri 'https://localhost:8443/beta/groups'")
        (body,) = re.findall(r"-Body @'\n(.*?)\n'@", command, re.DOTALL)
        assert json.loads(body)["displayName"] == name
        assert command.endswith("\n'@")


def test_addresses_are_quoted_and_a_token_is_sent_only_where_one_is_wanted() -> None:
    open_, closed = Addresses("https://h", "a b'c"), Addresses("https://h", "contoso", control_token=True)
    by_curl = as_curl(advance_clock("P1D"), open_)
    assert "https://h/_fauxtune/v1/tenants/a%20b%27c/clock/advance" in by_curl
    assert "Authorization" not in by_curl
    assert "$FAUXTUNE_CONTROL_TOKEN" in as_curl(advance_clock("P1D"), closed)
    assert "os.environ['FAUXTUNE_CONTROL_TOKEN']" in as_python(advance_clock("P1D"), closed)
    assert "$env:FAUXTUNE_CONTROL_TOKEN" in as_powershell(advance_clock("P1D"), closed)
    assert "'https://h/beta/users/o%27neil@contoso.example/assignLicense'" in as_powershell(
        license_user("o'neil@contoso.example"), open_
    )


def test_powershell_takes_curly_quotation_marks_for_straight_ones() -> None:
    assert powershell_text("a'b \u2019; calc; \u2018") == "'a''b \u2019\u2019; calc; \u2018\u2018'"
