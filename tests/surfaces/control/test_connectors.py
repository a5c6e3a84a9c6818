"""Connectors and their keys: the door that Graph does not have."""

from __future__ import annotations

import base64
import math
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from fauxtune.core.pki.cng import read_public_blob, write_private_blob
from tests.support.control import ABSENT, Json, create, error_code, members, only_connector

PROVIDER = "Microsoft Software Key Storage Provider"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def _spki(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _keys(contoso: httpx.AsyncClient) -> str:
    return f"/connectors/{(await only_connector(contoso))['id']}/keys"


async def test_a_tenant_begins_with_one_connector_and_its_key(contoso: httpx.AsyncClient) -> None:
    result = await only_connector(contoso)
    assert (result["state"], result["mode"]) == ("online", "immediate")
    assert result["roles"] == ["pkcs", "imported-pfx", "scep", "revocation"]
    assert (await contoso.get(f"/connectors/{result['id']}")).json() == result
    assert (await contoso.get(f"/connectors/{result['name'].upper()}")).json() == result
    (key,) = await members(contoso, f"/connectors/{result['id']}/keys")
    assert (key["providerName"], key["keyName"], key["keyLength"]) == (PROVIDER, "PFXEncryptionKey", 2048)
    assert isinstance(load_pem_public_key(key["publicKey"].encode()), rsa.RSAPublicKey)


async def test_a_connector_is_added_and_changed(contoso: httpx.AsyncClient) -> None:
    new = await create(contoso, "/connectors", name="Two", roles=["pkcs", "pkcs"], mode="polling")
    assert (new["name"], new["roles"], new["mode"], new["state"]) == ("Two", ["pkcs"], "polling", "online")
    changes = {"state": "offline", "mode": "immediate", "roles": ["imported-pfx"]}
    changed = await contoso.patch(f"/connectors/{new['id']}", json=changes)
    assert changed.status_code == 200
    assert changed.json() == {**new, **changes}
    assert (await contoso.patch(f"/connectors/{new['id']}", json={})).json() == changed.json()
    assert len(await members(contoso, "/connectors")) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Certificate connector 1", "roles": ["pkcs"]}, 409),
        ({"name": " ", "roles": ["pkcs"]}, 400),
        ({"name": "Two"}, 400),
        ({"name": "Two", "roles": "pkcs"}, 400),
        ({"name": "Two", "roles": ["everything"]}, 400),
        ({"name": "Two", "roles": [], "mode": "sometimes"}, 400),
        ({"name": "Two", "roles": [], "colour": "red"}, 400),
    ],
)
async def test_an_impossible_connector_is_refused(contoso: httpx.AsyncClient, body: Json, status: int) -> None:
    answer = await contoso.post("/connectors", json=body)
    assert (answer.status_code, error_code(answer)) == (status, "Conflict" if status == 409 else "Invalid")
    assert len(await members(contoso, "/connectors")) == 1


@pytest.mark.parametrize("body", [{"state": "asleep"}, {"mode": "slow"}, {"roles": ["x"]}, {"roles": 1}, {"name": "x"}])
async def test_an_impossible_change_is_refused(contoso: httpx.AsyncClient, body: Json) -> None:
    before = await only_connector(contoso)
    answer = await contoso.patch(f"/connectors/{before['id']}", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert await only_connector(contoso) == before


async def test_a_key_is_made_and_its_public_half_comes_out(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    new = await create(contoso, keys, providerName=PROVIDER, keyName="Key 2026")
    assert new["keyLength"] == 2048
    pem = await contoso.get(f"{keys}/{PROVIDER}/Key 2026")
    assert pem.text == new["publicKey"]
    assert pem.headers["content-type"].startswith("application/x-pem-file")
    blob = await contoso.get(f"{keys}/{PROVIDER}/Key 2026?format=cngblob")
    assert blob.headers["content-type"] == "application/octet-stream"
    assert len(blob.content) == 283
    public = load_pem_public_key(new["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert read_public_blob(blob.content).public_numbers() == public.public_numbers()


async def test_a_longer_key_is_made(contoso: httpx.AsyncClient) -> None:
    new = await create(contoso, await _keys(contoso), providerName=PROVIDER, keyName="Long", keyLength=3072)
    public = load_pem_public_key(new["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert (new["keyLength"], public.key_size) == (3072, 3072)


@pytest.mark.parametrize("form", ["pem", "blob"])
async def test_a_key_is_brought_along(
    contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey], form: str
) -> None:
    key = raw_rsa_keys[3]
    text = _pem(key) if form == "pem" else base64.encodebytes(write_private_blob(key)).decode()
    new = await create(contoso, await _keys(contoso), providerName=PROVIDER, keyName="Mine", privateKey=text)
    assert new["publicKey"] == _spki(key)
    assert set(new) == {"providerName", "keyName", "keyLength", "publicKey"}


async def test_a_key_goes_with_its_file(contoso: httpx.AsyncClient, seeded: tuple[str, Path]) -> None:
    keys, folder = await _keys(contoso), seeded[1] / "connector"
    before = set(folder.iterdir())
    await create(contoso, keys, providerName=PROVIDER, keyName="Mine")
    assert len(set(folder.iterdir()) - before) == 1
    assert (await contoso.delete(f"{keys}/{PROVIDER}/Mine")).status_code == 204
    assert set(folder.iterdir()) == before
    assert (await contoso.delete(f"{keys}/{PROVIDER}/Mine")).status_code == 404
    assert (await contoso.get(f"{keys}/{PROVIDER}/Mine")).status_code == 404


async def test_a_name_that_is_taken_is_a_conflict_and_leaves_no_file(
    contoso: httpx.AsyncClient, seeded: tuple[str, Path]
) -> None:
    before = set((seeded[1] / "connector").iterdir())
    body = {"providerName": PROVIDER, "keyName": "PFXEncryptionKey"}
    answer = await contoso.post(await _keys(contoso), json=body)
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")
    assert set((seeded[1] / "connector").iterdir()) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"keyName": "K"},
        {"providerName": "", "keyName": "K"},
        {"providerName": "P", "keyName": "a/b"},
        {"providerName": "P", "keyName": "K", "keyLength": 1024},
        {"providerName": "P", "keyName": "K", "keyLength": "long"},
        {"providerName": "P", "keyName": "K", "privateKey": ""},
        {"providerName": "P", "keyName": "K", "privateKey": "%%%"},
        {"providerName": "P", "keyName": "K", "privateKey": base64.b64encode(b"no blob").decode()},
        {"providerName": "P", "keyName": "K", "privateKey": "-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----"},
    ],
)
async def test_an_impossible_key_is_refused(contoso: httpx.AsyncClient, seeded: tuple[str, Path], body: Json) -> None:
    before = set((seeded[1] / "connector").iterdir())
    answer = await contoso.post(await _keys(contoso), json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert set((seeded[1] / "connector").iterdir()) == before


async def test_a_private_key_must_be_rsa_in_clear_and_of_the_length_that_is_said(
    contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    keys = await _keys(contoso)
    for text, length in (
        (_pem(ec.generate_private_key(ec.SECP256R1())), None),
        (_pem(raw_rsa_keys[0], b"password"), None),
        (_pem(raw_rsa_keys[0]), 3072),
    ):
        body = {"providerName": "P", "keyName": "K", "privateKey": text, "keyLength": length}
        answer = await contoso.post(keys, json=body)
        assert (answer.status_code, error_code(answer)) == (400, "Invalid")


def _key_of(*, d_off_by: int) -> rsa.RSAPrivateKey:
    """An RSA key whose private exponent is off by so much. Its two factors are no primes, which takes long to prove."""
    e, p, q = 65537, (3 << 1022) + 1, (3 << 1022) + 3
    d = pow(e, -1, math.lcm(p - 1, q - 1)) + d_off_by
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


async def test_a_key_in_pem_is_judged_by_its_numbers_without_a_proof_of_its_primes(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    await create(contoso, keys, providerName="P", keyName="K", privateKey=_pem(_key_of(d_off_by=0)))
    body = {"providerName": "P", "keyName": "Damaged", "privateKey": _pem(_key_of(d_off_by=2))}
    answer = await contoso.post(keys, json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert "do not belong to one RSA key" in answer.text


async def test_what_is_not_there_is_not_found(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    assert error_code(await contoso.get(f"/connectors/{ABSENT}")) == "NotFound"
    assert error_code(await contoso.patch(f"/connectors/{ABSENT}", json={"state": "online"})) == "NotFound"
    assert error_code(await contoso.get(f"/connectors/{ABSENT}/keys")) == "NotFound"
    body = {"providerName": "P", "keyName": "K"}
    assert error_code(await contoso.post(f"/connectors/{ABSENT}/keys", json=body)) == "NotFound"
    assert error_code(await contoso.get(f"{keys}/{PROVIDER}/Nothing")) == "NotFound"
    assert error_code(await contoso.get(f"{keys}/{PROVIDER}/PFXEncryptionKey?format=xml")) == "Invalid"
