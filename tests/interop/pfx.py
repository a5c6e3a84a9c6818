"""A certificate with its key for somebody, as Microsoft's beta SDK takes it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from msgraph_beta.generated.models.user_p_f_x_certificate import UserPFXCertificate
from msgraph_beta.generated.models.user_pfx_intended_purpose import UserPfxIntendedPurpose
from msgraph_beta.generated.models.user_pfx_padding_scheme import UserPfxPaddingScheme

from tests.interop.sdk import Office

PROVIDER, KEY_NAME = "Microsoft Software Key Storage Provider", "PFXEncryptionKey"
PASSWORD = "secret of the file"


def connector_key(office: Office) -> rsa.RSAPublicKey:
    """What the administrator exported at the connector: Graph has no door for it."""
    with office.server.client() as http:
        connectors = f"/_fauxtune/v1/tenants/{office.name}/connectors"
        (connector,) = (each for each in http.get(connectors).json()["value"] if "imported-pfx" in each["roles"])
        (key,) = http.get(f"{connectors}/{connector['id']}/keys").json()["value"]
    public = serialization.load_pem_public_key(key["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    return public


def import_of(office: Office, upn: str, *, key: rsa.RSAPrivateKey) -> UserPFXCertificate:
    """A new certificate with its key, in a file whose password only the connector can read."""
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, upn)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now - timedelta(days=35))  # expired: old mail stays readable
        .sign(key, hashes.SHA256())
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    return UserPFXCertificate(
        user_principal_name=upn,
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex(),
        intended_purpose=UserPfxIntendedPurpose.SmimeEncryption,
        start_date_time=certificate.not_valid_before_utc,
        expiration_date_time=certificate.not_valid_after_utc,
        provider_name=PROVIDER,
        key_name=KEY_NAME,
        padding_scheme=UserPfxPaddingScheme.OaepSha512,
        encrypted_pfx_blob=pkcs12.serialize_key_and_certificates(
            b"mail", key, certificate, None, serialization.BestAvailableEncryption(PASSWORD.encode())
        ),
        encrypted_pfx_password=base64.b64encode(connector_key(office).encrypt(PASSWORD.encode(), oaep)).decode(),
    )
