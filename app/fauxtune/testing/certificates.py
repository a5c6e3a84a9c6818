"""PFX files of a tenant in a test: issued by its authority, imported for a user; and the connector that opens them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fauxtune.core.administration import emulation, imported
from fauxtune.core.administration.choices import INTENDED, Purpose
from fauxtune.core.administration.imported import ConnectorKey
from fauxtune.testing.parts import Calls, User
from fauxtune_client.endpoints import ClientError
from fauxtune_client.pfx import read_public_key


@dataclass(frozen=True, slots=True)
class Pfx:
    """A PFX file (PKCS#12) with its password. `record_id`: its userPFXCertificate in Graph once it is imported."""

    data: bytes
    password: str
    certificate: x509.Certificate
    thumbprint: str
    record_id: str | None = None


class Connector:
    """The certificate connectors of a tenant."""

    def __init__(self, calls: Calls) -> None:
        """Use `tenant.connector`."""
        self._calls = calls

    def offline(self) -> None:
        """Take all connectors off line: certificates wait."""
        self._change("offline")

    def online(self) -> None:
        """Bring all connectors back."""
        self._change("online")

    @property
    def provider_name(self) -> str:
        """The `providerName` of imports."""
        return str(self._row["providerName"])

    @property
    def key_name(self) -> str:
        """The `keyName` of imports."""
        return str(self._row["keyName"])

    @property
    def public_key(self) -> str:
        """The public key (PEM) with which passwords of imported PFX files are encrypted; Graph does not have it."""
        return str(self._row["publicKey"])

    def key(self) -> ConnectorKey:
        """Return the connector's key as the import needs it."""
        return ConnectorKey(self.provider_name, self.key_name, read_public_key(self.public_key.encode()))

    @cached_property
    def _row(self) -> Mapping[str, Any]:
        for row in self._connectors():
            keys = self._calls.control("GET", f"/connectors/{row['id']}/keys")["value"]
            if "imported-pfx" in row["roles"] and keys:
                first: Mapping[str, Any] = keys[0]
                return first
        raise ClientError("The tenant has no connector with a key for imported PFX files.")

    def _connectors(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._calls.control("GET", "/connectors")["value"]
        return rows

    def _change(self, state: str) -> None:
        for row in self._connectors():
            self._calls.send(emulation.change_connector(row["id"], state=state))


def issue(calls: Calls, user: User, *, template: str, order: Mapping[str, str]) -> Pfx:
    """Have the tenant's authority make a key and a certificate for a user."""
    answer = calls.send(emulation.issue_certificate(template, user=user.name, **order))
    return Pfx(
        data=base64.b64decode(answer["pfx"]),
        password=answer["pfxPassword"],
        certificate=x509.load_pem_x509_certificate(answer["certificate"].encode()),
        thumbprint=answer["thumbprint"],
    )


def opened(file: Pfx | Path | bytes, *, password: str) -> Pfx:
    """Return a PFX file with its certificate. Raises the errors of `fauxtune.core.errors` if it does not open."""
    if isinstance(file, Pfx):
        return file
    data = file if isinstance(file, bytes) else file.read_bytes()
    certificate = imported.certificate_of(data, password=password)
    return Pfx(data, password, certificate, _thumbprint(certificate))


def import_pfx(calls: Calls, pfx: Pfx, *, user: User, purpose: str, key: ConnectorKey) -> Pfx:
    """Import a PFX file for a user; its password is encrypted with the connector's key."""
    record = imported.record(
        pfx.data,
        certificate=pfx.certificate,
        password=pfx.password,
        connector_key=key,
        user_principal_name=user.name,
        purpose=INTENDED[Purpose(purpose)],
    )
    answer = calls.send(imported.import_pfx(record))
    return replace(pfx, record_id=str(answer["id"]))


def _thumbprint(certificate: x509.Certificate) -> str:

    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a thumbprint is SHA-1
