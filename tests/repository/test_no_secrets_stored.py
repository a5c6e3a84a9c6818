"""The database, the journal and the log never hold a PFX password or a private key in clear; and the search would see.

A whole run (certificates issued, imported and delivered, a device wiped) is followed by a search of every column of
every table, of SQLite's file itself and of the log, for every secret in every form in which one gets written down by
mistake.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import Connection, Table, select

from fauxtune.connector.keypool import KeyRing
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.database import Database
from fauxtune.storage.tables import metadata
from fauxtune.storage.tenancy import across_tenants
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso, open_tenant

PASSWORD = "correct-horse-Bättery-42"

# ------------------------------------------------------------------------------------------------ the forms of a secret


def base64_cores(data: bytes) -> Iterator[bytes]:
    """What stands in base64 of anything that has `data` in it: one text for each alignment."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + data)
        core = text[-(-shift * 8 // 6) :]  # the first characters mix with what stands before
        tail = (shift + len(data)) % 3
        yield core[: -(4 if tail else 0) or None]  # the last ones with what follows
        yield core[: -(4 if tail else 0) or None].replace(b"+", b"-").replace(b"/", b"_")


def texts_of(data: bytes) -> Iterator[bytes]:
    yield data.hex().encode()
    yield data.hex().upper().encode()
    yield from base64_cores(data)


def forms(data: bytes) -> set[bytes]:
    """Raw, hex, base64; and the texts in UTF-16 too."""
    texts = set(texts_of(data))
    wide = {text.decode().encode(codec) for text in texts for codec in ("utf-16-le", "utf-16-be")}
    return {data, *texts, *wide}


def password_forms(password: str) -> set[bytes]:
    return {form for codec in ("utf-8", "utf-16-le", "utf-16-be") for form in forms(password.encode(codec))}


def integers(key: RSAPrivateKey | EllipticCurvePrivateKey) -> list[int]:
    numbers = key.private_numbers()
    if isinstance(key, EllipticCurvePrivateKey):
        return [numbers.private_value]  # type: ignore[union-attr]
    return [numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]  # type: ignore[union-attr]


def key_forms(key: RSAPrivateKey | EllipticCurvePrivateKey) -> set[bytes]:
    """Its numbers, which every encoding of it contains, in both byte orders and in decimal; and the whole encodings."""
    result: set[bytes] = set()
    for number in integers(key):
        big = number.to_bytes((number.bit_length() + 7) // 8, "big")
        result |= forms(big) | forms(big[::-1]) | {str(number).encode()}
    for layout in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        result |= forms(key.private_bytes(Encoding.DER, layout, NoEncryption()))
        result.add(key.private_bytes(Encoding.PEM, layout, NoEncryption()))
    return result


# ----------------------------------------------------------------------------------------------------------- the search


def written(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str).encode()


def dump(connection: Connection, tables: Iterable[Table] = metadata.sorted_tables) -> dict[str, bytes]:
    """Every column of the tables, as bytes, by `table.column`; rows are set apart."""
    results: dict[str, bytes] = {}
    for table in tables:
        rows = connection.execute(across_tenants(select(table), "the whole database is searched")).all()
        for number, column in enumerate(table.columns):
            results[f"{table.name}.{column.name}"] = b"\x00\x01\x00".join(written(row[number]) for row in rows)
    return results


#: What a line break looks like: in text, written out in JSON, in UTF-16.
_BREAKS = (
    (b"\\r", b"\\n", b"\r", b"\n"),
    (b"\r\x00", b"\n\x00"),
    (b"\x00\r", b"\x00\n"),
)
_HEAD = 8
#: Secrets by their first eight bytes, as a number.
Heads = dict[int, list[bytes]]


def heads(secrets: Iterable[bytes]) -> Heads:
    """Secrets as they are searched for."""
    by_head: Heads = {}
    for secret in secrets:
        assert len(secret) >= _HEAD
        by_head.setdefault(int.from_bytes(secret[:_HEAD], sys.byteorder), []).append(secret)
    return by_head


def leaks(places: dict[str, bytes], secrets: Heads) -> list[str]:
    """Where a secret stands. Line breaks inside a text (PEM, MIME base64) do not hide one."""
    return [name for name, data in places.items() if any(_stands_in(variant, secrets) for variant in _variants(data))]


def _variants(data: bytes) -> Iterator[bytes]:
    yield data
    for breaks in _BREAKS:
        unbroken = data
        for each in breaks:
            unbroken = unbroken.replace(each, b"")
        if unbroken != data:
            yield unbroken


def _stands_in(data: bytes, secrets: Heads) -> bool:
    """One pass for thousands of secrets: where eight bytes are the beginning of one, the rest is compared.

    For each of eight alignments the bytes are read as numbers, which is many times as fast as to slice them.
    """
    for shift in range(_HEAD):
        numbers = memoryview(data)[shift : shift + max(0, len(data) - shift) // _HEAD * _HEAD].cast("Q")
        if not secrets.keys().isdisjoint(numbers) and any(
            data.startswith(secret, shift + _HEAD * place)
            for place, number in enumerate(numbers)
            for secret in secrets.get(number, ())
        ):
            return True
    return False


# -------------------------------------------------------------------------------------------------------------- the run


@dataclass(slots=True)
class WholeRun:
    """What is left after it: the database, the log, and every secret there was."""

    database: Database
    contoso: Contoso
    keys: dict[str, RSAPrivateKey | EllipticCurvePrivateKey]
    passwords: set[str]
    log: str

    def secrets(self) -> Heads:
        result: set[bytes] = set()
        for key in {integers(key)[0]: key for key in self.keys.values()}.values():
            result |= key_forms(key)
        for password in self.passwords:
            result |= password_forms(password)
        return heads(result)


def stored_keys(folder: Path) -> dict[str, RSAPrivateKey | EllipticCurvePrivateKey]:
    """Every private key that server and connector have in their folders."""
    results = {}
    for file in sorted(folder.glob("*/*.pem")):
        results[f"{file.parent.name}/{file.name}"] = load_pem_private_key(file.read_bytes(), None)
    return results  # type: ignore[return-value]


async def delivered(phone: AndroidInProcess) -> set[str]:
    """The passwords of everything in the device's policy, as the device opens them."""
    result = set()
    for deliverable in await phone.policy():
        if deliverable.sealed is not None:
            result.add(phone.unseal(deliverable.sealed).decode())
    return result


@pytest.fixture
async def run(
    database_url: str,
    tmp_path: Path,
    rsa_keys: KeyRing,
    *,
    raw_rsa_keys: list[RSAPrivateKey],
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[WholeRun]:
    caplog.set_level(logging.DEBUG)
    database = Database(database_url)
    metadata.create_all(database.engine)
    contoso = await open_tenant(database, tmp_path, keys=rsa_keys, raw_keys=raw_rsa_keys)
    for owned in (False, True):
        await contoso.root_profile(owned=owned)
        await contoso.pkcs_profile(owned=owned)
        await contoso.imported_profile(owned=owned)
    await contoso.pkcs_profile(certificateTemplateName="SmimeP256")
    marks = [await contoso.import_pfx("alice", password=PASSWORD) for _ in range(2)]
    # One that the connector refuses: messages about it must not say too much.
    await contoso.import_pfx(
        "alice", password=PASSWORD, encryptedPfxPassword=await contoso.encrypted("another-password")
    )
    phones = [await contoso.enroll("alice", mode=mode) for mode in ("work-profile", "fully-managed")]
    passwords = {PASSWORD, "another-password"}
    keys: dict[str, RSAPrivateKey | EllipticCurvePrivateKey] = {}
    for number, phone in enumerate(phones):
        await phone.settle()
        passwords |= await delivered(phone)
        keys |= {f"{number}/{item}": key for item, key in phone.keys.items()}  # type: ignore[misc]
    assert len(passwords) == 2 + 3, "PKCS: a password for each certificate; imported: the administrator's"
    contoso.clock.forward(days=300)
    for phone in phones:
        await phone.settle()  # renewals
        passwords |= await delivered(phone)
    changes = {"encryptedPfxPassword": await contoso.encrypted(PASSWORD)}
    await contoso.do(imported_pfx.update_pfx, await contoso.record_id("alice", marks[0]), changes=changes)
    await contoso.action(phones[1], device_actions.wipe)
    await phones[0].settle()
    keys |= stored_keys(tmp_path)
    yield WholeRun(database, contoso, keys, passwords, caplog.text)
    database.close()


def places(run: WholeRun) -> dict[str, bytes]:
    result = run.database.run_now(dump)
    result["the log"] = run.log.encode()
    if run.database.is_sqlite:
        for file in Path(run.database.url.removeprefix("sqlite:///")).parent.glob("fauxtune.sqlite*"):
            result[file.name] = file.read_bytes()
    return result


# ------------------------------------------------------------------------------------------------------------ the tests


def test_no_secret_is_stored(run: WholeRun) -> None:
    searched = places(run)
    assert len(searched["journal.detail"]) > 1000
    assert len(searched["connector_requests.pfx"]) > 5000
    assert len(searched["pfx_certificates.pfx"]) > 5000
    assert any(name.startswith("connector/") for name in run.keys)
    assert leaks(searched, run.secrets()) == []


def test_every_secret_is_found_in_every_form_in_which_it_is_planted(run: WholeRun) -> None:
    """In the tables themselves: in a JSON document, in a text, in bytes."""
    (connector,) = [key for name, key in run.keys.items() if name.startswith("connector/")]
    der = connector.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pem = connector.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    old_pem = connector.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    number = connector.private_numbers().p  # type: ignore[union-attr]
    prime = number.to_bytes((number.bit_length() + 7) // 8, "big")
    wide = PASSWORD.encode("utf-16-le")
    texts = [
        PASSWORD,
        f"the password is {PASSWORD}!",
        base64.b64encode(f"x{PASSWORD}".encode()).decode(),
        base64.b64encode(f"xy{PASSWORD}z".encode()).decode(),
        base64.b64encode(b"xyz" + wide).decode(),
        base64.urlsafe_b64encode(b"?" + PASSWORD.encode()).decode(),
        PASSWORD.encode().hex(),
        wide.hex().upper(),
        pem.decode(),
        old_pem.decode(),
        pem.decode().replace("\n", "\r\n"),
        base64.encodebytes(b"ab" + der).decode(),
        base64.b64encode(prime).decode(),
        f"p={number}",
        der.hex().upper(),
    ]
    blobs = [
        der,
        b"junk" + der + b"junk",
        prime[::-1],
        wide,
        pem.decode().encode("utf-16-le"),
        base64.b64encode(b"x" + der),
    ]
    secrets = run.secrets()
    for text in texts:
        assert planted(run, "journal", {"detail": {"deep": [{"reason": text}]}}, secrets) == ["journal.detail"], text
        assert planted(run, "ledger", {"message": text}, secrets) == ["ledger.message"], text
    for blob in blobs:
        result = planted(run, "connector_requests", {"pfx": blob}, secrets)
        assert result == ["connector_requests.pfx"], blob[:40]
    assert leaks({"the log": f"INFO opened with {PASSWORD}".encode()}, secrets) == ["the log"]


def planted(run: WholeRun, table: str, values: dict[str, object], secrets: Heads) -> list[str]:
    """Where the search finds something while one row of the table holds these values."""
    with run.database.engine.connect() as connection, connection.begin() as transaction:
        target = metadata.tables[table]
        connection.execute(across_tenants(target.update(), "the whole database is searched").values(**values))
        name = f"{table}.{next(iter(values))}"
        result = leaks({name: dump(connection, [target])[name]}, secrets)
        transaction.rollback()
    return result


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing of it is about the database
def test_every_kind_of_secret_has_its_forms(run: WholeRun) -> None:
    """The files of the keys themselves are full of secrets: each is found there."""
    different = {integers(key)[0]: (name, key) for name, key in run.keys.items()}
    by_key = {name: (key, heads(key_forms(key))) for name, key in different.values()}
    assert len(by_key) > 4
    for name, (key, _) in by_key.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        holders = [other for other, (_, secrets) in by_key.items() if leaks({name: pem}, secrets)]
        assert holders == [name]
