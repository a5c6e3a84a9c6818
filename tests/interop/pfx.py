"""A certificate with its key for a user, as Microsoft's beta SDK takes it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgraph_beta.generated.models.user_p_f_x_certificate import UserPFXCertificate
from msgraph_beta.generated.models.user_pfx_intended_purpose import UserPfxIntendedPurpose
from msgraph_beta.generated.models.user_pfx_padding_scheme import UserPfxPaddingScheme

from tests.interop.sdk import ServedTenant
from tests.support.certificates import KEY_NAME, PASSWORD, PROVIDER, encrypt_password, make_pfx, self_signed, thumbprint


def import_of(served_tenant: ServedTenant, upn: str, *, key: rsa.RSAPrivateKey) -> UserPFXCertificate:
    """Return a new certificate with its key, in a file whose password only the connector can read."""
    # It has expired: old mail stays readable.
    certificate = self_signed(key, upn, begin=datetime.now(UTC) - timedelta(days=400))
    connector = load_pem_public_key(served_tenant.server.connector_key(served_tenant.name).encode())
    assert isinstance(connector, rsa.RSAPublicKey)
    return UserPFXCertificate(
        user_principal_name=upn,
        thumbprint=thumbprint(certificate),
        intended_purpose=UserPfxIntendedPurpose.SmimeEncryption,
        start_date_time=certificate.not_valid_before_utc,
        expiration_date_time=certificate.not_valid_after_utc,
        provider_name=PROVIDER,
        key_name=KEY_NAME,
        padding_scheme=UserPfxPaddingScheme.OaepSha512,
        encrypted_pfx_blob=make_pfx(key, certificate),
        encrypted_pfx_password=base64.b64encode(encrypt_password(PASSWORD, connector)).decode(),
    )
