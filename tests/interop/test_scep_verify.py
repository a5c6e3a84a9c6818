"""The test bench on an authority that nobody here wrote: micromdm's scepserver, behind an adapter that asks Intune."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.intune_client import IntuneClient
from tests.support.running_server import Served
from tests.support.scepserver_adapter import PASSWORD, adapting
from tests.support.server_here import serving_here

pytestmark = pytest.mark.program("scepserver", package="scep")

#: What scepserver issues, whatever is requested: a key that signs, for clients.
PROFILE = {
    "@odata.type": "#microsoft.graph.androidWorkProfileScepCertificateProfile",
    "displayName": "Signing by scepserver",
    "scepServerUrls": ["http://scep.contoso.example/scep"],
    "subjectNameFormat": "custom",
    "subjectNameFormatString": "CN={{UserName}},O=Contoso",
    "subjectAlternativeNameType": "emailAddress",
    "extendedKeyUsages": [{"name": "Client Authentication", "objectIdentifier": "1.3.6.1.5.5.7.3.2"}],
    "keyUsage": "digitalSignature",
    "keySize": "size2048",
    "hashAlgorithm": "sha2",
    "certificateValidityPeriodScale": "years",
    "certificateValidityPeriodValue": 1,
    "renewalThresholdPercentage": 20,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serving_here(data_dir=tmp_path / "data") as served:
        yield served


def start(folder: Path, verifier: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the program, and return it with its address."""
    command = ["scepserver", "ca", "-init", "-keySize", "2048", "-key-password", PASSWORD]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [
        "-http-addr",
        f"127.0.0.1:{port}",
        "-allowrenew",
        "0",
        "-capass",
        PASSWORD,
        "-csrverifierexec",
        str(verifier),
    ]
    program = subprocess.Popen(
        ["scepserver", *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/scep"
    for _ in range(200):
        try:
            httpx.get(url, params={"operation": "GetCACaps"})
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return program, url
    raise AssertionError("scepserver does not listen")


def test_scepserver_passes_with_an_adapter_that_asks(server: Served, tmp_path: Path) -> None:
    run = Commands(tmp_path / "data")
    lines = run.text("scep", "client-config").splitlines()
    service = IntuneClient(dict(line.split("=", 1) for line in lines), server.trusting())
    with server.signed_in() as graph:
        graph.post("/beta/deviceManagement/deviceConfigurations", json=PROFILE).raise_for_status()
    folder = tmp_path / "scepserver"
    folder.mkdir()
    with adapting(service, folder, start=start) as adapter:
        options = ["--profile", "Signing by scepserver", "--crl-url", f"{adapter.url}.crl", "--output", "json"]
        done = run.run("scep", "verify", "--ca-url", adapter.url, *options)
    service.http.close()
    results = {case["id"]: case["result"] for case in json.loads(done.output)["cases"]}
    assert (done.code, {name for name, result in results.items() if result == "wrong"}) == (0, set()), done.errors
    # The program answers 500 to what it cannot read, which the adapter passes on as 400.
    assert {name for name, result in results.items() if result == "note"} == {
        "message-spoiled",
        "poll-unknown",
        "challenge-again",
    }
    assert {name for name, result in results.items() if result == "not tried"} == {"pending"}
