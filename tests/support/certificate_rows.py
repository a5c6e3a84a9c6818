"""Rows of certificates and connectors as tests need them: what a test does not name has some value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fauxtune.core.model.connectors import Program
from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ItemKey, RequestId, TenantId, UserId
from fauxtune.core.model.items import ImportedCertificateOrder
from fauxtune.storage.rows.certificates import (
    AuthorityRow,
    CertificateRow,
    ConnectorEventRow,
    ConnectorKeyRow,
    ConnectorRow,
    PfxRow,
    RequestRow,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def authority_row(tenant_id: TenantId, **columns: Any) -> AuthorityRow:
    row = AuthorityRow(
        tenant_id=tenant_id,
        name="issuing",
        role="issuing",
        generation=1,
        state="available",
        certificate=b"der",
        key_name="k",
        crl_number=0,
    )
    return replace(row, **columns)


def certificate_row(tenant_id: TenantId, **columns: Any) -> CertificateRow:
    row = CertificateRow(
        tenant_id=tenant_id,
        authority="issuing",
        serial="01",
        thumbprint="t01",
        certificate=b"der",
        template=None,
        subject="CN=alice",
        issuer=None,
        key_usage=["digitalSignature"],
        extended_key_usages=None,
        key_length=None,
        user_id=None,
        enrollment_id=None,
        item_key=None,
        profile_id=None,
        not_before=NOW,
        not_after=NOW + timedelta(days=365),
        revoked_at=None,
        reason=None,
        revocation_state=None,
        revocation_asked_at=None,
    )
    return replace(row, **columns)


def pfx_row(tenant_id: TenantId, **columns: Any) -> PfxRow:
    row = PfxRow(
        tenant_id=tenant_id,
        user_id=UserId("alice"),
        thumbprint="aa",
        purpose="smimeEncryption",
        provider="P",
        key_name="K",
        padding="oaepSha256",
        encrypted_password=b"\x01",
        pfx=b"pfx",
        fingerprint="f",
        verified=False,
        certificate=None,
        not_after=None,
        document={},
    )
    return replace(row, **columns)


def connector_row(tenant_id: TenantId, **columns: Any) -> ConnectorRow:
    row = ConnectorRow(
        tenant_id=tenant_id,
        id=ConnectorId("c"),
        name="C",
        program=Program.CERTIFICATE,
        version=None,
        state="online",
        mode="immediate",
        roles=["pkcs"],
        created_at=NOW,
    )
    return replace(row, **columns)


def connector_key_row(tenant_id: TenantId, **columns: Any) -> ConnectorKeyRow:
    row = ConnectorKeyRow(
        tenant_id=tenant_id,
        connector_id=ConnectorId("c"),
        provider="P",
        key_name="K",
        key_length=2048,
        public_key=b"spki",
        file="file",
    )
    return replace(row, **columns)


def request_row(tenant_id: TenantId, **columns: Any) -> RequestRow:
    row = RequestRow(
        id=RequestId("r"),
        tenant_id=tenant_id,
        enrollment_id=EnrollmentId("e"),
        item_key=ItemKey("pkcs/p"),
        fingerprint="first",
        role="pkcs",
        only_by=None,
        leased_by=None,
        leased_until=None,
        answered_by=None,
        order=ImportedCertificateOrder(UserId("alice"), "aa"),
        state="open",
        serial=None,
        error_code=None,
        message=None,
        created_at=NOW,
        answered_at=None,
    )
    return replace(row, **columns)


def connector_event_row(tenant_id: TenantId, **columns: Any) -> ConnectorEventRow:
    row = ConnectorEventRow(
        tenant_id=tenant_id,
        number=0,
        event_id=1020,
        name="n",
        time=NOW,
        connector_id=ConnectorId("c"),
        connector="C",
        device=None,
        user=None,
        diagnostic_code=None,
        detail={},
    )
    return replace(row, **columns)
