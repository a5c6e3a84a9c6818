"""Export the keys and certificates of a device as files for openssl, Thunderbird and other programs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotFoundHere, StateBroken
from fauxtune_sim.keys.certificates import addresses, mark, subject, thumbprint
from fauxtune_sim.keys.keystore import Identity, KeyStore
from fauxtune_sim.keys.marks import Names

#: Of files that the caller asks for, by a command that prints it.
DEFAULT_PASSWORD = "fauxtune"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The folders for PEM and for PFX files (None: none of these), and the password of the PFX files. `names`: returns
    the names of the certificates in a listing, for the names of the files.
    """

    pem: Path | None = None
    pfx: Path | None = None
    password: str = DEFAULT_PASSWORD
    names: Callable[[list[dict[str, Any]]], Names] = lambda _rows: Names()


def export(state: Path, options: ExportOptions) -> CommandOutput:
    """Write the keys of the device in a folder into files that only their owner can read.

    PEM: a file for each identity with its key, certificate and chain, and `trusted.pem` with all trusted certificates.
    PFX: a file for each identity. Keys that the device keeps to itself (not extractable on a Mac) are left out.
    """
    if options.pem is None and options.pfx is None:
        raise NotFoundHere("name a folder with --pem or --pfx")
    device = load_device(state)
    kept = [entry.alias for entry in device.keystore.entries.values() if not entry.extractable]
    identities, names = _exportable(device.keystore), options.names(device.keystore.listing())
    rows: list[dict[str, Any]] = []
    try:
        if options.pem is not None:
            rows += _write_pem(device, identities, folder=_folder(options.pem), names=names)
        if options.pfx is not None:
            rows += _write_pfx(identities, folder=_folder(options.pfx), password=options.password, names=names)
    except OSError as failed:
        raise StateBroken(f"{failed.filename} cannot be written: {failed.strerror}") from failed
    document = {"device": device.name, "files": rows, "notExtractable": kept}
    lines = [f"{row['file']}  {row['what']}" for row in rows]
    lines += [f"not exported: the key {alias} is not extractable" for alias in kept]
    return CommandOutput(document, [*(lines or [f"{device.name} holds no keys"]), *_proofs(options, rows)])


def pem_of_keys(store: KeyStore) -> list[dict[str, Any]]:
    """Return key, certificate and chain of each identity as one PEM, without the keys that a device keeps to itself."""
    return [
        {"thumbprint": thumbprint(identity.certificate), "pem": _pem(identity).decode()}
        for identity in _exportable(store)
    ]


def export_pem(device: Device, folder: Path) -> None:
    """Write the keys of a device as PEM files, and who it is. Raises OSError."""
    _write_pem(device, _exportable(device.keystore), folder=_folder(folder), names=Names())


def _exportable(store: KeyStore) -> list[Identity]:
    """The identities whose keys leave the device."""
    kept = {entry.alias for entry in store.entries.values() if not entry.extractable}
    return [identity for identity in store.identities() if identity.alias not in kept]


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _write_pem(device: Device, identities: list[Identity], *, folder: Path, names: Names) -> list[dict[str, Any]]:
    """Write a file for each identity, the trusted certificates, and `device.json`, which says whose keys they are."""
    identifier = None if device.enrollment is None else device.enrollment.name.rpartition("/")[2]
    _write(folder / "device.json", json.dumps({"id": identifier, "name": device.name}).encode())
    rows = [
        _written(folder / f"{_name(identity, names)}.pem", _pem(identity), identity=identity) for identity in identities
    ]
    trusted = device.keystore.trusted_certificates()
    if trusted:
        path = folder / "trusted.pem"
        _write(path, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in trusted))
        rows.append({"file": str(path), "thumbprint": None, "what": f"{len(trusted)} trusted certificates"})
    return rows


def _pem(identity: Identity) -> bytes:
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificates = (identity.certificate, *identity.chain)
    return key + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _write_pfx(identities: list[Identity], *, folder: Path, password: str, names: Names) -> list[dict[str, Any]]:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    rows = []
    for identity in identities:
        data = pkcs12.serialize_key_and_certificates(
            identity.alias.encode(), identity.key, identity.certificate, identity.chain, encryption
        )
        rows.append(_written(folder / f"{_name(identity, names)}.pfx", data, identity=identity))
    return rows


def _name(identity: Identity, names: Names) -> str:
    """A file name that tells identities apart: the address or subject, the certificate's mark, if it is known, and the
    first digits of its thumbprint.
    """
    named = next(iter(addresses(identity.certificate)), None) or subject(identity.certificate)
    parts = (re.sub(r"[^A-Za-z0-9@._-]+", "-", named)[:60].strip(".-"), names.letters(identity.thumbprint))
    return "-".join(part for part in (*parts, mark(identity.certificate)) if part)


def _written(path: Path, data: bytes, *, identity: Identity) -> dict[str, Any]:
    _write(path, data)
    return {
        "file": str(path),
        "thumbprint": thumbprint(identity.certificate),
        "what": f"key and certificate of {identity.source} {mark(identity.certificate)}",
    }


def _write(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, from the first moment on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)


def _proofs(options: ExportOptions, rows: list[dict[str, Any]]) -> list[str]:
    """The commands with which another program uses the files."""
    keys = [row["file"] for row in rows if row["thumbprint"] is not None]
    if not keys:
        return []
    lines = [""]
    if options.pem is not None:
        lines += [
            "Read a mail without this program:",
            # Without -recip openssl may take the key for another recipient's, and write random bytes.
            f"  openssl cms -decrypt -in letter.eml -recip {keys[0]} -inkey {keys[0]} -out inner.eml",
        ]
        if any(row["thumbprint"] is None for row in rows):
            lines.append(f"  openssl cms -verify -in inner.eml -CAfile {options.pem / 'trusted.pem'}")
    if options.pfx is not None:
        lines.append(f"The password of the PFX files: {options.password or '(none)'}")
    return lines
