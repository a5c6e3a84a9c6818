"""Which files are imported, for whom and with which password; and what is refused before anything is sent."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import pkcs12 as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from fauxtune.core.pki.cng import write_private_blob, write_public_blob
from fauxtune_client import pfx
from fauxtune_client import pfx as importing
from fauxtune_client.endpoints import ClientError
from fauxtune_client.http import Client

if TYPE_CHECKING:
    from tests.client.conftest import Foreign, Write

PURPOSES = {"unassigned": "unassigned", "smimeencryption": "smimeEncryption"}
ALICE = "alice@their.example"
COLLECTION = "/beta/deviceManagement/userPfxCertificates"


def defaults(**changed: Any) -> importing.Defaults:
    results: dict[str, Any] = {
        "password": "secret",
        "upn": ALICE,
        "upn_from_certificate": False,
        "provider_name": "P",
        "key_name": "K",
        "purpose": "unassigned",
        "padding": "oaepSha512",
    }
    return importing.Defaults(**{**results, **changed})


def row(path: Path, **changed: Any) -> importing.Row:
    return importing.Row(**{"path": path, "upn": None, "password": None, "purpose": None, **changed})


def manifest(folder: Path, text: str | bytes) -> list[importing.Row]:
    file = folder / "people.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return importing.read_manifest(file, purposes=PURPOSES)


def test_a_manifest_says_whose_each_file_is_and_its_password(tmp_path: Path) -> None:
    text = '\ufefffile, UPN ,password,purpose\r\na.pfx,a@x, spaced ,\r\n\r\nb/c.pfx,,"se,cret "" ",SMIMEEncryption\r\n'
    assert manifest(tmp_path, text) == [
        importing.Row(tmp_path / "a.pfx", "a@x", " spaced ", None),
        importing.Row(tmp_path / "b" / "c.pfx", None, 'se,cret " ', "smimeEncryption"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "first line"),
        ("a.pfx,a@x\n", "first line"),
        ("file,upm\n", "first line"),
        ("file,file\n", "first line"),
        ("file,upn\n,a@x\n", "line 2, names no file"),
        ("file,purpose\na.pfx,mail\n", "line 2, has the purpose 'mail'"),
        ("file\na.pfx,b\n", "more fields"),
        ('file\n"a.pfx', "not CSV"),
        (b"file\n\xff.pfx\n", "UTF-8"),
    ],
)
def test_a_manifest_with_a_mistake_is_refused_as_a_whole(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        manifest(tmp_path, text)


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="cannot be read"):
        importing.read_manifest(tmp_path / "none.csv", purposes=PURPOSES)


def test_a_folder_gives_its_pfx_files_by_name_and_the_manifest_counts_first(tmp_path: Path) -> None:
    for name in ("b.PFX", "a.p12", "c.txt", "d.pfx"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "e.pfx").mkdir()
    of_manifest = row(tmp_path / "d.pfx", password="x")
    rows_of = importing.rows_of([tmp_path, tmp_path / "a.p12", tmp_path / "no-such.pfx"], rows=[of_manifest])
    assert rows_of == [of_manifest, *(row(tmp_path / name) for name in ("a.p12", "b.PFX", "no-such.pfx"))]


def test_an_empty_folder_and_an_empty_manifest_are_nothing_to_import(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="no PFX file"):
        importing.rows_of([tmp_path], rows=[])
    with pytest.raises(ClientError, match="nothing to import"):
        importing.rows_of([], rows=manifest(tmp_path, "file\n"))


def test_the_key_may_be_pem_or_any_cng_blob(raw_rsa_keys: list[RSAPrivateKey]) -> None:
    key = raw_rsa_keys[0]
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for data in (pem, pem.replace(b"\n", b"\r\n"), write_public_blob(public), write_private_blob(key)):
        assert pfx.read_public_key(data) == public


def test_what_is_no_rsa_public_key_is_refused(raw_rsa_keys: list[RSAPrivateKey]) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    curved = curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = raw_rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data, reason in (
        (curved, "not hold an RSA key"),
        (private, "-pubout"),
        (b"", "neither"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "neither"),
        (b"RSA1" + bytes(279), "damaged"),
    ):
        with pytest.raises(ClientError, match=reason):
            pfx.read_public_key(data)


@pytest.mark.parametrize(("padding", "algorithm"), [("oaepSha256", hashes.SHA256()), ("oaepSha512", hashes.SHA512())])
def test_the_connector_reads_the_password_byte_by_byte(
    write: Write, raw_rsa_keys: list[RSAPrivateKey], padding: str, algorithm: hashes.HashAlgorithm
) -> None:
    file = importing.complete(row(write("a.pfx", raw_rsa_keys[0])), defaults(padding=padding))
    record = pfx.document(file, raw_rsa_keys[1].public_key())
    sealed = base64.b64decode(record["encryptedPfxPassword"])
    assert raw_rsa_keys[1].decrypt(sealed, OAEP(MGF1(algorithm), algorithm, None)) == b"secret"
    assert base64.b64decode(record["encryptedPfxBlob"]) == file.path.read_bytes()
    assert (record["providerName"], record["keyName"], record["paddingScheme"]) == ("P", "K", padding)
    assert "secret" not in repr(file)


def test_the_certificate_says_whose_it_is_only_if_it_names_one_address(
    write: Write, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    rules = defaults(upn=None, upn_from_certificate=True)
    names = {"one.pfx": ("Alice@Their.example",), "none.pfx": (), "two.pfx": ("a@x.example", "b@x.example")}
    files = {
        name: importing.complete(row(write(name, raw_rsa_keys[0], mail=mail)), rules) for name, mail in names.items()
    }
    key = raw_rsa_keys[1].public_key()
    assert pfx.document(files["one.pfx"], key)["userPrincipalName"] == ALICE
    with pytest.raises(ClientError, match="no e-mail address"):
        pfx.document(files["none.pfx"], key)
    with pytest.raises(ClientError, match=r"2 e-mail addresses \(a@x.example, b@x.example\)"):
        pfx.document(files["two.pfx"], key)


def test_a_curve_key_is_imported_like_any_other(write: Write, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    file = write("curve.pfx", ec.generate_private_key(ec.SECP256R1()))
    record = pfx.document(importing.complete(row(file), defaults()), raw_rsa_keys[0].public_key())
    assert len(record["thumbprint"]) == 40


def without_key(file: Path) -> bytes:
    certificate = pkcs12.load_pkcs12(file.read_bytes(), b"secret").cert
    assert certificate is not None
    return pkcs12.serialize_key_and_certificates(
        None, None, None, [certificate.certificate], BestAvailableEncryption(b"secret")
    )


def with_both(first: Path, second: Path) -> bytes:
    """One file with the contents of two, without a MAC."""
    parsed = [asn1.Pfx.load(path.read_bytes()) for path in (first, second)]
    parts = [part for each in parsed for part in asn1.AuthenticatedSafe.load(each["auth_safe"]["content"].native)]
    safe = {"content_type": "data", "content": asn1.AuthenticatedSafe(parts).dump()}
    return bytes(asn1.Pfx({"version": "v3", "auth_safe": safe}).dump())


def test_a_file_that_cannot_be_used_says_why(write: Write, raw_rsa_keys: list[RSAPrivateKey], tmp_path: Path) -> None:
    one, two = write("one.pfx", raw_rsa_keys[0]), write("two.pfx", raw_rsa_keys[1])
    contents = {
        "rubbish.pfx": (b"rubbish", "File must be a certificate"),
        "empty.pfx": (b"", "File must be a certificate"),
        "cut.pfx": (one.read_bytes()[:-9], "File must be a certificate"),
        "huge.pfx": (bytes(2 * 1024 * 1024 + 1), "more than 2 MiB"),
        "keyless.pfx": (without_key(one), "no private key"),
        "both.pfx": (with_both(one, two), "2 certificates with private keys"),
    }
    key = raw_rsa_keys[2].public_key()
    for name, (data, reason) in contents.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ClientError, match=reason):
            pfx.document(importing.complete(row(tmp_path / name), defaults()), key)
    for path in (tmp_path / "none.pfx", tmp_path):
        with pytest.raises(ClientError, match="cannot be read"):
            pfx.document(importing.complete(row(path), defaults()), key)


def test_what_nobody_says_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="password is missing"):
        importing.complete(row(tmp_path / "a.pfx"), defaults(password=None))
    with pytest.raises(ClientError, match="user is missing"):
        importing.complete(row(tmp_path / "a.pfx"), defaults(upn=None))
    assert importing.complete(row(tmp_path / "a.pfx", password="own"), defaults()).password == "own"


def test_each_user_is_looked_up_once_and_an_update_makes_what_is_missing(
    foreign: Foreign, write: Write, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    rows = [row(write(f"{number}.pfx", raw_rsa_keys[number])) for number in range(3)]
    rows.insert(1, row(rows[0].path, password="wrong"))
    foreign.will("GET", "/beta/users", (200, {}, {"value": [{"id": "1111-2222"}]}))
    foreign.will("POST", COLLECTION, (201, {}, {"id": "new"}))
    key = raw_rsa_keys[5].public_key()
    first = pfx.document(importing.complete(rows[0], defaults()), key)
    foreign.will("PATCH", f"{COLLECTION}/11112222-{first['thumbprint']}", (200, {}, {"id": "old"}))
    with Client(foreign.server()) as client:
        outcomes = list(importing.import_all(client, rows, defaults=defaults(), key=key, update=True))
    assert [outcome.result for outcome in outcomes] == ["updated", "failed", "imported", "imported"]
    assert "Verify Password" in (outcomes[1].reason or "")
    assert foreign.times("GET", "/beta/users") == 1


def test_when_nobody_answers_any_more_the_rest_is_not_tried(
    foreign: Foreign, write: Write, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    rows = [row(write(f"{number}.pfx", raw_rsa_keys[number])) for number in range(3)]
    with Client(foreign.server(https="http://127.0.0.1:1")) as client:
        outcomes = list(
            importing.import_all(client, rows, defaults=defaults(), key=raw_rsa_keys[5].public_key(), update=False)
        )
    assert "Cannot connect" in (outcomes[0].reason or "")
    assert [outcome.reason for outcome in outcomes[1:]] == ["not tried: the server did not answer"] * 2


def test_a_thumbprint_may_be_written_as_windows_and_openssl_do(foreign: Foreign) -> None:
    foreign.will("GET", COLLECTION, (200, {}, {"value": []}))
    foreign.will("GET", "/beta/users", (200, {}, {"value": [{"id": "o-brien"}]}))
    with Client(foreign.server()) as client:
        pfx.find(client, ["O'Brien@x"], thumbprints=[":".join(["AB"] * 20), " ".join(["cd"] * 20)])
        with pytest.raises(ClientError, match="is not a thumbprint"):
            pfx.find(client, [], thumbprints=["' or true"])
    results = [each.query["$filter"][0] for each in foreign.asked if each.path == COLLECTION]
    assert results == [
        f"tolower(userPrincipalName) eq 'o''brien@x' and tolower(thumbprint) eq '{pair * 20}'" for pair in ("ab", "cd")
    ]
