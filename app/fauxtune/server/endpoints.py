"""`<data-dir>/endpoints.json`: the addresses of a running server. The file exists only while the server is ready."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of the server, and the credentials of its first tenant (None without one). URLs end without a
    slash. `trust`: the page that tells others what to trust.
    """

    https: str
    http: str
    ca_file: str
    data_dir: str
    trust: str = ""
    proxy: str | None = None
    mail: tuple[tuple[str, str], ...] = ()
    tenant: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    user_password: str | None = None

    @property
    def console(self) -> str:
        """The console's address by plain HTTP: a browser warns of the emulator's own authority."""
        return f"{self.http}/console"

    def document(self) -> dict[str, object]:
        """Return the content of the file, which other programs rely on. `proxy` is there with --intercept, `mail` with
        --mail, `userPassword` where people have another password than the published one.
        """
        return {
            "https": self.https,
            "http": self.http,
            "control": f"{self.https}/_fauxtune/v1",
            "console": self.console,
            "caFile": self.ca_file,
            "trust": self.trust,
            "dataDir": self.data_dir,
            **({} if self.proxy is None else {"proxy": self.proxy}),
            **({"mail": dict(self.mail)} if self.mail else {}),
            "tenant": self.tenant,
            "tenantId": self.tenant_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            **({} if self.user_password is None else {"userPassword": self.user_password}),
            "pid": os.getpid(),
        }


def write(folder: Path, endpoints: Endpoints) -> None:
    """Write the file, whole or not at all. Only its owner can read it: it holds a secret."""
    draft = folder / f".{FILE_NAME}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(endpoints.document(), indent=2) + "\n")
        draft.replace(folder / FILE_NAME)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def remove(folder: Path) -> None:
    """Remove the file, if there is one; a killed server may have left it behind."""
    (folder / FILE_NAME).unlink(missing_ok=True)
