"""The states of certificates on devices: rows of the ledger, joined with the register, the import and the profile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, String, and_, case, cast, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.engine import graph_states as words
from fauxtune.core.graph.index import enumeration
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER, EnumType
from fauxtune.storage.collections.base import Collection, documents
from fauxtune.storage.collections.statuses import POLICY_PLATFORM, as_text, claims, labelled, of_device
from fauxtune.storage.odata import contains
from fauxtune.storage.tables import (
    certificates,
    connector_requests,
    enrollments,
    ledger,
    managed_devices,
    pfx_certificates,
    profiles,
    scep_certificates,
    scep_challenges,
)
from fauxtune.storage.tenancy import of_tenant, same_tenant

CERTIFICATE_VALIDITY_PERIOD_SCALE = enumeration("certificateValidityPeriodScale")
KEY_STORAGE_PROVIDER_OPTION = enumeration("keyStorageProviderOption")
SUBJECT_NAME_FORMAT = enumeration("subjectNameFormat")


def _moment(*moments: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(*(as_text(moment) for moment in moments), NEVER)


def _setting(name: str) -> ColumnElement[Any]:
    value: ColumnElement[Any] = profiles.c.document[name].as_string()
    return value


def _choice(name: str, kind: EnumType) -> ColumnElement[Any]:
    """A setting that the type of the state has always; not every profile has it."""
    return func.coalesce(_setting(name), kind.members[0])


def _has_usage(word: str) -> ColumnElement[bool]:
    return contains(cast(certificates.c.key_usage, String()), literal(f'"{word}"'))


def _flags(left: str, right: str) -> ColumnElement[Any]:
    """Two key usages as one text with a comma between them; null for what has neither."""
    return case(
        (and_(_has_usage(left), _has_usage(right)), f"{left},{right}"),
        (_has_usage(left), left),
        (_has_usage(right), right),
    )


def _bits() -> ColumnElement[Any]:
    total: ColumnElement[Any] = literal(0)
    for word, bit in words.KEY_USAGE_BITS.items():
        total = total + case((_has_usage(word), bit), else_=0)
    return total


_ASKED = and_(
    connector_requests.c.enrollment_id == ledger.c.enrollment_id,
    connector_requests.c.item_key == ledger.c.item_key,
)
_LAST_ANSWER = (
    select(func.max(as_text(func.coalesce(connector_requests.c.answered_at, connector_requests.c.created_at))))
    .where(_ASKED)
    .correlate(ledger)
    .scalar_subquery()
)
_ASKED_ANEW = (
    select(connector_requests.c.id)
    .where(_ASKED, connector_requests.c.state == "open", connector_requests.c.fingerprint != "first")
    .correlate(ledger)
    .exists()
)
_MINE = and_(
    same_tenant(scep_challenges, ledger),
    scep_challenges.c.enrollment_id == ledger.c.enrollment_id,
    scep_challenges.c.profile_id == func.replace(ledger.c.item_key, "scep/", ""),
)
_LAST_CHALLENGE: ColumnElement[Any] = (
    select(scep_challenges.c.state)
    .where(_MINE)
    .order_by(scep_challenges.c.created_at.desc(), scep_challenges.c.id.desc())
    .limit(1)
    .correlate(ledger)
    .scalar_subquery()
)
#: By whom a partner's authority says that it issued the certificate.
_PARTNER = (
    select(func.max(scep_certificates.c.report["issuer"].as_string()))
    .where(
        same_tenant(scep_certificates, ledger),
        scep_certificates.c.enrollment_id == ledger.c.enrollment_id,
        scep_certificates.c.profile_id == func.replace(ledger.c.item_key, "scep/", ""),
        scep_certificates.c.thumbprint == ledger.c.thumbprint,
    )
    .correlate(ledger)
    .scalar_subquery()
)
_GIVEN = case((ledger.c.installed_fingerprint.is_not(None), words.RENEWING), else_=words.CHALLENGED["given"])
_BY_SCEP = and_(ledger.c.source == Source.SCEP.value, ledger.c.fingerprint.is_not(None))
#: What the last challenge says of a certificate that a device is to request; null where it says nothing.
_CHALLENGED = case(
    (
        and_(_BY_SCEP, ledger.c.state == ItemState.FAILED.value),
        case({state: words.CHALLENGED[state] for state in words.NOT_GRANTED}, value=_LAST_CHALLENGE),
    ),
    (
        and_(_BY_SCEP, ledger.c.state == ItemState.SENT.value),
        case(words.CHALLENGED | {"given": _GIVEN}, value=_LAST_CHALLENGE),
    ),
)
_OTHERWISE = case(
    (
        and_(ledger.c.state == ItemState.FAILED.value, ledger.c.fingerprint.is_not(None)),
        words.REFUSED_BY_DEVICE,
    ),
    (
        and_(ledger.c.source == Source.PKCS.value, ledger.c.state == ItemState.INSTALLED.value, _ASKED_ANEW),
        words.RENEWING,
    ),
    *(
        (and_(ledger.c.source == source.value, ledger.c.state == state.value), word)
        for (source, state), word in words.ISSUANCE.items()
    ),
    else_=words.OTHERWISE,
)
_ISSUANCE = func.coalesce(_CHALLENGED, _OTHERWISE)
_REVOCATION = case((certificates.c.revoked_at.is_not(None), words.REVOKED), else_=words.NOT_REVOKED)
_ISSUER = func.coalesce(certificates.c.issuer, case((ledger.c.source == Source.SCEP.value, _PARTNER)))
_IMPORT = pfx_certificates.c.document
_NOT_BEFORE = _moment(certificates.c.not_before, _IMPORT["startDateTime"].as_string())
_NOT_AFTER = _moment(certificates.c.not_after, ledger.c.not_after, _IMPORT["expirationDateTime"].as_string())

_OF_PROFILE: dict[str, ColumnElement[Any]] = {
    # Of imported certificates a device has several.
    "id": case(
        (
            ledger.c.source == Source.IMPORTED.value,
            profiles.c.id + "_" + managed_devices.c.id + "_" + func.replace(ledger.c.item_key, "imported/", ""),
        ),
        else_=profiles.c.id + "_" + managed_devices.c.id,
    ),
    "devicePlatform": POLICY_PLATFORM,
    "certificateKeyUsage": func.coalesce(_flags(*words.KEY_USAGES), _setting("keyUsage")),
    "certificateValidityPeriodUnits": _choice("certificateValidityPeriodScale", CERTIFICATE_VALIDITY_PERIOD_SCALE),
    "certificateIssuanceState": _ISSUANCE,
    "certificateKeyStorageProvider": _choice("keyStorageProvider", KEY_STORAGE_PROVIDER_OPTION),
    "certificateSubjectNameFormat": _choice("subjectNameFormat", SUBJECT_NAME_FORMAT),
    "certificateSubjectAlternativeNameFormat": _setting("subjectAlternativeNameType"),
    "certificateRevokeStatus": _REVOCATION,
    "certificateProfileDisplayName": _setting("displayName"),
    "deviceDisplayName": of_device("deviceName"),
    "userDisplayName": of_device("userDisplayName"),
    "certificateExpirationDateTime": _NOT_AFTER,
    "certificateLastIssuanceStateChangedDateTime": func.coalesce(_LAST_ANSWER, as_text(ledger.c.changed_at)),
    "lastCertificateStateChangeDateTime": as_text(ledger.c.changed_at),
    "certificateIssuer": _ISSUER,
    "certificateThumbprint": ledger.c.thumbprint,
    "certificateSerialNumber": func.coalesce(certificates.c.serial, ledger.c.serial),
    "certificateKeyLength": func.coalesce(certificates.c.key_length, 0),
    "certificateEnhancedKeyUsage": certificates.c.extended_key_usages,
    "certificateValidityPeriod": func.coalesce(profiles.c.document["certificateValidityPeriodValue"].as_integer(), 0),
    "certificateSubjectNameFormatString": _setting("subjectNameFormatString"),
    "certificateSubjectAlternativeNameFormatString": _setting("subjectAlternativeNameFormatString"),
    "certificateIssuanceDateTime": _NOT_BEFORE,
    "certificateErrorCode": func.coalesce(ledger.c.error_code, 0),
}

_OF_TENANT: dict[str, ColumnElement[Any]] = {
    "id": managed_devices.c.id + "_" + ledger.c.thumbprint,
    "certificateRevokeStatus": _REVOCATION,
    "certificateRevokeStatusLastChangeDateTime": _moment(certificates.c.revoked_at),
    "managedDeviceDisplayName": of_device("deviceName"),
    "userPrincipalName": of_device("userPrincipalName"),
    "certificateExpirationDateTime": _NOT_AFTER,
    "certificateIssuerName": _ISSUER,
    "certificateThumbprint": ledger.c.thumbprint,
    "certificateSerialNumber": func.coalesce(certificates.c.serial, ledger.c.serial),
    "certificateSubjectName": certificates.c.subject,
    "certificateKeyUsages": _bits(),
    "certificateExtendedKeyUsages": certificates.c.extended_key_usages,
    "certificateIssuanceDateTime": _NOT_BEFORE,
}


def _on_devices(tenant_id: TenantId, columns: list[ColumnElement[Any]]) -> Select[Any]:
    """Certificates on devices that have a record, by the device."""
    issued = and_(same_tenant(certificates, ledger), certificates.c.thumbprint == ledger.c.thumbprint)
    imported = and_(
        same_tenant(pfx_certificates, ledger),
        pfx_certificates.c.user_id == ledger.c.user_id,
        pfx_certificates.c.thumbprint == ledger.c.thumbprint,
    )
    return (
        select(*columns)
        .join_from(managed_devices, ledger, ledger.c.enrollment_id == managed_devices.c.enrollment_id)
        .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
        .join(certificates, issued, isouter=True)
        .join(pfx_certificates, imported, isouter=True)
        .where(
            of_tenant(managed_devices, tenant_id),
            ledger.c.source.in_([source.value for source in words.SOURCES]),
        )
    )


def _of_profiles(tenant_id: TenantId) -> Select[Any]:
    mine = and_(same_tenant(profiles, ledger), claims(profiles.c.id))
    return _on_devices(tenant_id, labelled(_OF_PROFILE)).join(profiles, mine)


def _of_tenant(tenant_id: TenantId) -> Select[Any]:
    """Certificates that have come to be: on a device, or on their way."""
    return _on_devices(tenant_id, labelled(_OF_TENANT)).where(ledger.c.thumbprint.is_not(None))


PROFILE_CERTIFICATE_STATES: Collection[JsonObject] = Collection(
    row=documents(_OF_PROFILE),
    statement=_of_profiles,
    document=profiles.c.document,
    columns=_OF_PROFILE,
    order=(managed_devices.c.id, ledger.c.item_key),
    parent=profiles.c.id,
)

ALL_CERTIFICATE_STATES: Collection[JsonObject] = Collection(
    row=documents(_OF_TENANT),
    statement=_of_tenant,
    document=managed_devices.c.document,
    columns=_OF_TENANT,
    order=(managed_devices.c.id, ledger.c.item_key),
)
