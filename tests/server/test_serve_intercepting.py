"""`fauxtune serve --intercept` as a process: what it says, what it holds, how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.parse
from pathlib import Path

import httpx
import pytest

from tests.support.running_server import SECONDS, Running, environment, fauxtune, serving

INTERCEPT = ("--intercept", "--proxy-port", "0")
LOGIN = "https://login.microsoftonline.com"


def through(server: Running) -> httpx.Client:
    return httpx.Client(proxy=server.endpoints["proxy"], verify=server.trusting(), timeout=SECONDS)


def test_it_is_off_unless_asked_for(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, FAUXTUNE_PROXY_PORT="0", commands=commands) as server:
        assert "proxy" not in server.endpoints
        assert "proxy" not in json.loads((tmp_path / "endpoints.json").read_text())


@pytest.mark.parametrize("arguments", [INTERCEPT, ()], ids=["options", "variables"])
def test_the_first_line_and_the_file_name_the_proxy(tmp_path: Path, arguments: tuple[str, ...], commands: Path) -> None:
    more = {} if arguments else {"FAUXTUNE_INTERCEPT": "true", "FAUXTUNE_PROXY_PORT": "0"}
    with serving("--data-dir", tmp_path, *arguments, commands=commands, **more) as server:
        assert re.fullmatch(r"http://localhost:\d+", server.endpoints["proxy"])
        assert json.loads((tmp_path / "endpoints.json").read_text()) == server.endpoints
        with through(server) as client:
            document = client.get(f"{LOGIN}/contoso/v2.0/.well-known/openid-configuration").json()
            assert document["issuer"] == f"{LOGIN}/{server.endpoints['tenantId']}/v2.0"
        held = {path.name for path in (tmp_path / "tls").iterdir()}
        assert held == {"ca.pem", "ca.key", "server.pem", "server.key"}
        assert server.stop() == (0, "")


def test_the_banner_says_what_is_intercepted() -> None:
    command = [sys.executable, "-m", "fauxtune", "serve", "--ephemeral", "--port", "0", "--http-port", "0", *INTERCEPT]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = ""
        while "Ctrl-C" not in words:
            line = process.stdout.readline()
            assert line, words
            words += line
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS) == 0
    assert re.search(r"HTTPS proxy +http://localhost:\d+", words)
    hosts = ("login.microsoftonline.com", "graph.microsoft.com", "graph.windows.net", "api.manage.microsoft.com")
    for host in (*hosts, "fef.emulator.manage.microsoft.com"):
        assert host in words


def test_a_taken_proxy_port_is_named(commands: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = ("--port", "0", "--http-port", "0", "--proxy-port", port)
        refused = fauxtune("serve", "--ephemeral", *ports, "--intercept", commands=commands)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr


def test_a_public_url_is_for_the_other_door(commands: Path) -> None:
    with serving("--ephemeral", *INTERCEPT, "--public-url", "https://emulator.test", commands=commands) as server:
        path = "contoso/v2.0/.well-known/openid-configuration"
        with through(server) as client, server.client() as direct:
            assert client.get(f"{LOGIN}/{path}").json()["issuer"].startswith(f"{LOGIN}/")
            assert direct.get(f"/{path}").json()["issuer"].startswith("https://emulator.test/")


def test_one_interrupt_ends_it_while_tunnels_are_open(commands: Path) -> None:
    with serving("--ephemeral", *INTERCEPT, commands=commands) as server:
        address = ("127.0.0.1", urllib.parse.urlsplit(server.endpoints["proxy"]).port or 0)
        connect = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n"
        with socket.create_connection(address) as silent, socket.create_connection(address) as half:
            half.sendall(connect)
            assert half.recv(100).startswith(b"HTTP/1.1 200 ")
            raw = socket.create_connection(address)
            raw.sendall(connect)
            assert raw.recv(100).startswith(b"HTTP/1.1 200 ")
            with server.trusting().wrap_socket(raw, server_hostname="graph.microsoft.com") as idle:
                assert server.stop() == (0, "")
                for each in (silent, half, idle):
                    assert ends(each)


def ends(wire: socket.socket) -> bool:
    wire.settimeout(SECONDS)
    try:
        return wire.recv(100) == b""
    except (ConnectionError, ssl.SSLError):
        return True
