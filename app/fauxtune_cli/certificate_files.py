"""The file of a certificate that was issued: PFX (RFC 7292) or PEM, with a key if one was made."""

from __future__ import annotations

import base64
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from fauxtune_cli.options import fail


class Form(StrEnum):
    """The form of the file."""

    PFX = "pfx"
    PEM = "pem"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write, in the form that its name says."""

    path: Path
    form: Form


_FORMS = {".pfx": Form.PFX, ".p12": Form.PFX, ".pem": Form.PEM, ".crt": Form.PEM}


def new_file(file: Path, *, csr: Path | None) -> NewFile:
    """Return the file with the form that its name says. Ends the command if the file cannot be written."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        fail(f"--out must end in .pfx, .p12 or .pem, which names the form of the file; {file} does not.")
    if csr is not None and form is Form.PFX:
        fail("With --csr no key is made, so that there is no PFX file: --out must end in .pem.")
    if not file.parent.is_dir():
        fail(f"{file} cannot be written: there is no folder {file.parent}.")
    if file.exists():
        fail(f"{file} exists already: name another file, or delete it.")
    return NewFile(file, form)


def read_request(file: Path) -> str:
    """Return the text of a PKCS#10 request. Ends the command if it cannot be read."""
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--csr must name a certificate request as PEM; {file} cannot be read: {error}")


def ask_for_password(file: NewFile) -> str | None:
    """Return the password that somebody types at a terminal; None without a terminal, or for an empty one."""
    if file.form is Form.PEM or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    prompt = "Password for the file (empty: one is made)"
    text = typer.prompt(prompt, default="", hide_input=True, show_default=False, confirmation_prompt=True, err=True)
    return str(text) or None


def written(file: NewFile, answer: dict[str, Any], *, document: dict[str, Any], password: str | None) -> str:
    """Write the certificate to its file. Return the sentences about it, and add what they say to the document."""
    used = _write(file, answer, password=password)
    document["file"] = str(file.path)
    if used is None or password is not None:
        return f"\nWrote it to {file.path}."
    document["pfxPassword"] = used
    return f"\nWrote it to {file.path}; the password is {used}"


def _write(file: NewFile, answer: dict[str, Any], *, password: str | None) -> str | None:
    """Write the file, which only its owner can read. Return its password, or None if it has none."""
    if answer.get("pfx") is None:
        content, used = f"{answer['certificate']}{answer['chain']}".encode(), None
    elif file.form is Form.PFX:
        content, used = base64.b64decode(answer["pfx"]), answer["pfxPassword"]
    else:
        content, used = _pem(answer, password=password), password
    try:
        with os.fdopen(os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except OSError as error:
        fail(f"{file.path} cannot be written: {error.strerror}.")
    return used


def _pem(answer: dict[str, Any], *, password: str | None) -> bytes:
    """The certificate, its chain, and its key in PKCS#8, encrypted if there is a password."""
    key, _, _ = load_key_and_certificates(base64.b64decode(answer["pfx"]), answer["pfxPassword"].encode())
    assert key is not None, "the CA made the key"
    encryption: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return f"{answer['certificate']}{answer['chain']}".encode() + text
