"""A Graph that is not ours: a small HTTP server that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.server.system import SystemClock
from fauxtune_client.endpoints import Server
from tests.support.certificates import make_pfx, self_signed


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the path as it was meant, without its query, and the body as a form or as JSON."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Foreign:
    """The service. `answers`: method and path -> answers, each (status, headers, document); the last one stays."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[tuple[str, str], list[tuple[int, dict[str, str], Any]]] = field(default_factory=dict)

    def will(self, method: str, path: str, *answers: tuple[int, dict[str, str], Any]) -> None:
        self.answers[method, path] = list(answers)

    def times(self, method: str, path: str) -> int:
        return sum((each.method, each.path) == (method, path) for each in self.asked)

    def server(self, **changed: Any) -> Server:
        results: dict[str, Any] = {
            "https": self.url,
            "http": None,
            "control": self.url,
            "ca_file": None,
            "tenant": "their-tenant",
            "tenant_id": None,
            "client_id": "their-app",
            "client_secret": "their-secret",
        }
        return Server(**{**results, **changed})


def _handler(foreign: Foreign) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            is_form = self.headers.get("content-type", "").startswith("application/x-www-form")
            body = {k: v[0] for k, v in parse_qs(raw.decode()).items()} if is_form else json.loads(raw or b"null")
            path = unquote(parts.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            foreign.asked.append(Asked(self.command, path, parse_qs(parts.query), headers, body))
            known = foreign.answers.get((self.command, path))
            missing = {"error": {"code": "NotFound", "message": f"nothing at {path}"}}
            status, more, document = (404, {}, missing) if not known else known.pop(0) if len(known) > 1 else known[0]
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    result = Foreign()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(result)) as server:
        result.url = f"http://127.0.0.1:{server.server_port}"
        result.will("POST", "/their-tenant/oauth2/v2.0/token", (200, {}, {"access_token": "theirs"}))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield result
        server.shutdown()
        thread.join()


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A PFX file of a self-signed certificate, for these e-mail addresses."""

    def made(
        name: str, key: RSAPrivateKey | EllipticCurvePrivateKey, *, password: str = "secret", mail: tuple[str, ...] = ()
    ) -> Path:
        now = SystemClock().now()
        certificate = self_signed(key, name, begin=now, emails=mail)
        file = tmp_path / name
        file.write_bytes(make_pfx(key, certificate, password=password))
        return file

    return made
