"""Programs that nobody here wrote, as the tests call them."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509


class OpenSsl(Protocol):
    """The fixture `openssl`."""

    def __call__(self, *arguments: str | Path, input: bytes | None = None, fails: bool = False) -> bytes:  # noqa: A002
        """Run it in the test's folder; what it wrote."""
        ...


def openssl_in(folder: Path) -> OpenSsl:
    """The same in another folder."""

    def run(*arguments: str | Path, input: bytes | None = None, fails: bool = False) -> bytes:  # noqa: A002
        done = subprocess.run(
            ["openssl", *map(str, arguments)], input=input or b"", capture_output=True, cwd=folder, check=False
        )
        words = (done.stdout + done.stderr).decode(errors="replace")
        assert (done.returncode != 0) == fails, f"openssl {arguments[0]} ended with {done.returncode}: {words}"
        return done.stdout + done.stderr if fails else done.stdout

    return run


@dataclass(frozen=True, slots=True)
class ScepServer:
    """micromdm's scepserver, with a CA of its own."""

    url: str
    certificate: x509.Certificate

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *options: str) -> Iterator[ScepServer]:
        """Start the program in an empty folder, and end it after the block. It renews at any time."""
        subprocess.run(["scepserver", "ca", "-init", "-keySize", "2048"], cwd=folder, check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = ["scepserver", "-http-addr", f"127.0.0.1:{port}", "-allowrenew", "0", *options]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            try:
                _wait_for(port)
                pem = (folder / "depot" / "ca.pem").read_bytes()
                yield cls(f"http://127.0.0.1:{port}/scep", x509.load_pem_x509_certificate(pem))
            finally:
                program.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("scepserver does not listen")
