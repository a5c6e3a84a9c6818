"""The devices' SCEP client as a child process, `python -m fauxtune_sim.scep.bench`, ordered by JSON lines."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cryptography import x509

from fauxtune.core.scep.verification.model import Exchange
from fauxtune_client.endpoints import ClientError

_MODULE = "fauxtune_sim.scep.bench"
#: How the names of variables begin that the child does not get: secrets of the server and of its database.
_SECRET = ("FAUXTUNE_", "AZURE_", "PG")


class Bench:
    """The devices that ask one SCEP server. `ca_file`: whom they trust for an https address; `seconds`: how long an
    answer may take.
    """

    def __init__(self, url: str, *, ca_file: Path | None, seconds: float) -> None:
        if importlib.util.find_spec("fauxtune_sim") is None:
            raise ClientError("The devices of the test bench need the package fauxtune_sim, which is not installed.")
        command = [sys.executable, "-m", _MODULE, "--timeout", str(seconds)]
        if ca_file is not None:
            command += ["--ca-file", str(ca_file)]
        self._url = url
        self._authority: dict[str, Any] = {}
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for the command, which then closes the input.
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SECRET)},
        )

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_error: object) -> None:
        """End the child, which its closed input ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def order(self, do: str, **members: Any) -> dict[str, Any]:
        """Return the answer to an order, as it came. Raises ClientError if the child has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"do": do, "url": self._url, **members}).encode() + b"\n"
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:
            answer = b""
        if not answer:
            raise ClientError("The devices of the test bench ended unexpectedly; what they wrote stands above.")
        document: dict[str, Any] = json.loads(answer)
        return document

    def authority(self) -> dict[str, Any]:
        """Return capabilities and certificates, which are asked for once. Raises ClientError without an answer."""
        if not self._authority:
            self._authority = self.order("authority")
            if self._authority.get("problem") is not None:
                raise ClientError(f"The SCEP server does not answer: {self._authority['problem']}.")
        return self._authority

    def root(self) -> bytes | None:
        """Return the root among the authority's certificates, DER: one that names itself as its issuer."""
        for text in self.authority()["certificates"]["all"]:
            der = base64.b64decode(text)
            certificate = x509.load_der_x509_certificate(der)
            if certificate.subject == certificate.issuer:
                return der
        return None

    def exchange(self, do: str, name: str, **members: Any) -> Exchange:
        """Send a message of the request `name`, and return what came of it."""
        answer = self.order(do, name=name, **members)
        certificate = answer.get("certificate")
        return Exchange(
            status=answer.get("status"),
            pki_status=answer.get("pkiStatus"),
            fail_info=answer.get("failInfo"),
            fail_text=answer.get("failInfoText") or "",
            transaction=answer.get("transaction", ""),
            certificate=None if certificate is None else base64.b64decode(certificate),
            problem=answer.get("problem"),
        )

    def fetch(self, url: str) -> bytes | None:
        """Return what is at an address; None unless the answer is 200."""
        answer = self.order("fetch", url=url)
        return base64.b64decode(answer["body"]) if answer.get("status") == 200 else None
