"""What a device's owner does and looks at, without parsing of arguments and printing: lock, restart, refuse deliveries,
facts, outcomes of scripts; and the key store and the mail accounts as a table of 80 columns.

The table has two lines for each certificate: source, use, key, end and name; then its subject and its issuer.
Everything is taken from the rows of the JSON (`KeyStore.listing`, `MailAccount.row`).
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from fauxtune_sim.device.outcomes import Outcome
from fauxtune_sim.errors import FactRefused, NotFoundHere, StateBroken
from fauxtune_sim.facts.device_facts import read_value, withheld_facts
from fauxtune_sim.facts.table import FactValue, facts_of
from fauxtune_sim.keys.certificates import addresses, mark, subject, thumbprint
from fauxtune_sim.keys.keystore import Identity, KeyStore
from fauxtune_sim.keys.marks import Names
from fauxtune_sim.mail.smime_settings import describe_smime

_INDENT = "  "
Row = Mapping[str, Any]
WIDTH = 80
_TABLE_INDENT = " " * 10


class Owner:
    """The owner of the device in a folder. Raises StateBroken or NotFoundHere if the folder has no device."""

    def __init__(self, state: Path) -> None:
        self._state, self._device = state, load_device(state)

    def lock(self, *, locked: bool) -> CommandOutput:
        """Lock or unlock the device."""
        device = self._device
        device.condition.lock(locked)
        device.save(keys=False, state=False)
        state_word = "locked" if locked else "unlocked"
        return CommandOutput({"device": device.name, "locked": locked}, [f"{device.name} is {state_word}"])

    def restart(self) -> CommandOutput:
        """Restart the device."""
        device = self._device
        device.condition.restart()
        device.save(keys=False, state=False)
        document = {"device": device.name, "locked": True, "reboots": device.condition.reboots}
        return CommandOutput(document, [f"{device.name} has restarted and is locked"])

    def refuse(self, kinds: Sequence[str], *, code: int | None) -> CommandOutput:
        """Set which deliveries the device refuses; none if `kinds` is empty."""
        device = self._device
        device.refusals.clear()
        for kind in kinds:
            device.refusals.refuse(kind, code)
        device.save(keys=False, state=False)
        answer = "" if code is None else f" with the error {code}"
        words = f"refuses {', '.join(device.refusals)}{answer}" if kinds else "refuses nothing"
        return CommandOutput({"device": device.name, "refuses": device.refusals.document()}, [f"{device.name} {words}"])

    def keystore(self) -> CommandOutput:
        """List the keys, trusted certificates and mail accounts on the device."""
        device = self._device
        rows = device.keystore.listing()
        accounts = [account.row() for account in (*device.accounts.values(), *device.own_accounts.values())]
        return CommandOutput(
            rows + accounts, listing_lines(rows, accounts) or [f"{device.name} has no managed certificates or accounts"]
        )

    def settings(self) -> CommandOutput:
        """List the settings that management has set on the device."""
        device = self._device
        rows = [{"address": address, "value": value} for address, value in sorted(device.settings.items())]
        lines = [f"{row['address']} = {row['value']}" for row in rows]
        return CommandOutput(rows, lines or [f"{device.name} has no managed settings"])

    def list_facts(self) -> CommandOutput:
        """List the facts, with the fields that carry them."""
        device = self._device
        values, withheld = device.facts, withheld_facts(device)
        rows = [
            {
                "name": fact.name,
                "value": values.get(fact.name),
                "reportedAs": fact.field_of(device.platform),
                "withheld": fact.name in withheld,
                "settable": fact.settable,
            }
            for fact in facts_of(device.platform)
        ]
        lines = []
        for row in rows:
            value = "none" if row["value"] is None else _text(values[str(row["name"])])
            lines.append(f"{row['name']} = {value}")
            how = "withheld: the device does not report it" if row["withheld"] else f"reported as {row['reportedAs']}"
            lines += textwrap.wrap(how, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
        return CommandOutput({"device": device.name, "facts": rows}, lines)

    def set_facts(self, assignments: Sequence[str]) -> CommandOutput:
        """Change facts, each as NAME=VALUE: all of them or, if one is refused, none."""
        device = self._device
        facts: dict[str, FactValue] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise FactRefused(f"a fact is set as NAME=VALUE, such as isEncrypted=false; {assignment[:60]} has no =")
            if name in facts:
                raise FactRefused(f"{name} is set twice: once is right")
            facts[name] = read_value(device.platform, name, text=text)
        device.report(**facts)
        device.save(keys=False, state=False)
        withheld = withheld_facts(device)
        values = {name: device.facts.get(name) for name in facts}
        lines = [f"{name} = {_text(value)}" for name, value in values.items() if value is not None]
        hidden = [name for name in facts if name in withheld]
        if hidden:
            lines.append(f"withheld, so that the service will not learn it: {', '.join(hidden)}")
        elif device.is_enrolled:
            lines.append(f"{device.name} reports it at its next check-in: `fauxtune-sim checkin --state {self._state}`")
        return CommandOutput({"device": device.name, "facts": values}, lines)

    def list_outcomes(self) -> CommandOutput:
        """List the declared outcomes."""
        device = self._device
        lines = [f"{name}: {_words(outcome)}" for name, outcome in device.scripts.items()]
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, lines or ["every script succeeds and writes nothing"])

    def set_outcome(self, script: str, *, outcome: Outcome) -> CommandOutput:
        """Declare the outcome of a script on the device."""
        device = self._device
        device.scripts.declare(script, outcome)
        device.save(keys=False, state=False)
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, [f"{script} on {device.name}: {_words(outcome)}"])

    def forget_outcome(self, script: str) -> CommandOutput:
        """Forget the outcome of a script. Raises NotFoundHere if none was set."""
        device = self._device
        if device.scripts.pop(script.lower(), None) is None:
            known = ", ".join(device.scripts) or "no script"
            raise NotFoundHere(f"no outcome of '{script}' is set on {device.name}; outcomes are set of {known}")
        device.save(keys=False, state=False)
        document = {"device": device.name, "scripts": device.scripts.document()}
        return CommandOutput(document, [f"{script} on {device.name} succeeds and writes nothing"])


def _text(value: FactValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(outcome: Outcome) -> str:
    words = f"exit code {outcome.exit_code}"
    words += f", writes {outcome.output!r}" if outcome.output else ""
    words += f", writes {outcome.error!r} as error" if outcome.error else ""
    if outcome.exit_code == 1 and (outcome.remediation or not outcome.fixes):
        end = "the issue is gone then" if outcome.fixes else "the issue stays"
        words += f"; a remediation ends with {outcome.remediation}" + ("" if outcome.remediation else f", and {end}")
    return words


def listing_lines(certificates: Sequence[Row], accounts: Sequence[Row]) -> list[str]:
    """The lines of the table; none if there are neither certificates nor accounts."""
    lines = [_columns(("source", "for", "key", "until", "certificate"))] if certificates else []
    for row in certificates:
        key = "yes" if row["hasKey"] else "no"
        lines.append(_columns((row["source"], row["usage"] or "?", key, row["notAfter"][:10], row["thumbprint"][:8])))
        lines += _wrapped("; ".join(_details(row)))
    for row in accounts:
        words = f"{row['address']} at {row['host']}" if row["address"] else "app configuration"
        lines += _wrapped(words, first=f"{'email':<10}")
        lines += _wrapped(f"in {row['package']}{describe_smime(row['smime'])}")
    return lines


def _details(row: Row) -> Iterator[str]:
    yield row["subject"]
    missing = [address for address in row["emailAddresses"] if address not in row["subject"]]
    if missing:
        yield ", ".join(missing)
    if row["issuer"] != row["subject"]:
        yield f"issued by {row['issuer']}"
    if row["intendedPurpose"]:
        yield f"imported for {row['intendedPurpose']}"


def _columns(row: tuple[str, str, str, str, str]) -> str:
    source, purpose, key, until, certificate = row
    return f"{source:<9} {purpose:<10} {key:<4} {until:<10}  {certificate}"


def _wrapped(text: str, *, first: str = _TABLE_INDENT) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=_TABLE_INDENT, break_on_hyphens=False)


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
