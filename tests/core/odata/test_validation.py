"""Bodies as clients send them are accepted and normalised; others are refused with the property's name."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import MODEL, entity
from fauxtune.core.graph.references import binds
from fauxtune.core.odata.documents.validation import accept, defaults, respell, type_name
from fauxtune.core.odata.schema.types import Edm, Entity, Version
from fauxtune.core.odata.schema.values import primitive

USER, GROUP, DEVICE, PFX = entity("user"), entity("group"), entity("managedDevice"), entity("userPFXCertificate")
PKCS = entity("androidDeviceOwnerPkcsCertificateProfile")
ASSIGNMENT = entity("deviceConfigurationAssignment")
ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def patched(kind: Entity, body: dict[str, Any], *, version: Version = Version.BETA) -> dict[str, Any]:
    return accept(kind, body, partial=True, version=version)


@pytest.mark.parametrize(
    ("kind", "name", "sent", "kept"),
    [
        (PFX, "intendedPurpose", "SmimeEncryption", "smimeEncryption"),
        (PFX, "intendedPurpose", 4, "vpn"),
        (PFX, "paddingScheme", 5, "oaepSha512"),
        (PFX, "startDateTime", "2026-11-24T10:00:00", "2026-11-24T10:00:00.0000000Z"),
        (PFX, "startDateTime", "2026-11-24T10:00:00.4757913Z", "2026-11-24T10:00:00.4757910Z"),
        (PFX, "startDateTime", "2026-11-24T02:00:00-08:00", "2026-11-24T10:00:00.0000000Z"),
        (PFX, "startDateTime", "2026-11-24t10:00z", "2026-11-24T10:00:00.0000000Z"),
        (PFX, "startDateTime", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z"),
        (PFX, "expirationDateTime", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.0000000Z"),
        (PFX, "encryptedPfxBlob", "-_8", "+/8="),
        (PFX, "encryptedPfxBlob", "AAEC\r\nAwQ=", "AAECAwQ="),
        (PKCS, "subjectAlternativeNameType", "userPrincipalName, emailAddress", "emailAddress,userPrincipalName"),
        (PKCS, "renewalThresholdPercentage", 20, 20),
        (PKCS, "description", None, None),
        (PKCS, "extendedKeyUsages", None, []),
        (
            PKCS,
            "extendedKeyUsages",
            [{"@odata.type": "microsoft.graph.extendedKeyUsage", "name": "Secure Email"}],
            [{"name": "Secure Email", "objectIdentifier": None}],
        ),
        (USER, "accountEnabled", False, False),
        (
            USER,
            "assignedLicenses",
            [{"skuId": ID.upper()}],
            [{"disabledPlans": [], "skuId": ID}],
        ),
    ],
)
def test_a_value_is_kept_in_its_normal_form(kind: Entity, name: str, sent: object, kept: object) -> None:
    assert patched(kind, {name: sent}) == {name: kept}


@pytest.mark.parametrize(
    ("kind", "name", "sent", "why"),
    [
        (PFX, "intendedPurpose", "signing", "not a value of microsoft.graph.userPfxIntendedPurpose"),
        (PFX, "intendedPurpose", 3, r"3 is not a value of .* smimeSigning \(2\), vpn \(4\)"),
        (PFX, "intendedPurpose", True, "write the name of a member"),
        (PKCS, "subjectAlternativeNameType", 64, "64 is not a value of"),
        (PFX, "intendedPurpose", None, "cannot be null"),
        (PFX, "startDateTime", "yesterday", "not a DateTimeOffset"),
        (PFX, "startDateTime", "2026-02-30T00:00:00Z", "not a moment"),
        (PFX, "startDateTime", "0001-01-01T00:00:00+01:00", "not a moment"),
        (PFX, "encryptedPfxBlob", "AA*=", "not base64"),
        (PFX, "keyName", 7, "not a text"),
        (PFX, "keyName", "a\x00b", "NUL"),
        (PFX, "keyName", "\ud800", "surrogate"),
        (PKCS, "renewalThresholdPercentage", "20", "not an Int32"),
        (PKCS, "renewalThresholdPercentage", True, "not an Int32"),
        (PKCS, "renewalThresholdPercentage", 2**31, "not an Int32"),
        (PKCS, "renewalThresholdPercentage", 20.5, "not an Int32"),
        (PKCS, "displayName", None, "cannot be null"),
        (PKCS, "subjectAlternativeNameType", ["emailAddress"], "write the name"),
        (PKCS, "customSubjectAlternativeNames", {"name": "x"}, "JSON array"),
        (PKCS, "customSubjectAlternativeNames", ["x"], "JSON object"),
        (USER, "accountEnabled", "true", "not a Boolean"),
        (USER, "assignedLicenses", [{"skuId": "x"}], "not a GUID"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_and_named(kind: Entity, name: str, sent: object, why: str) -> None:
    with pytest.raises(Invalid, match=why) as error:
        patched(kind, {name: sent})
    assert name in error.value.message
    assert error.value.target is not None
    assert error.value.target.startswith(name)


def test_an_error_inside_a_complex_value_tells_the_whole_path() -> None:
    with pytest.raises(Invalid) as error:
        patched(PKCS, {"customSubjectAlternativeNames": [{"sanType": "mail"}]})
    assert error.value.target == "customSubjectAlternativeNames/sanType"


def test_what_the_server_owns_is_ignored_whatever_it_is() -> None:
    body = {"id": "", "version": "seven", "createdDateTime": None, "supportsScopeTags": False, "displayName": "x"}
    assert patched(PKCS, body) == {"displayName": "x"}


def test_annotations_and_navigations_are_tolerated() -> None:
    body = {
        "@odata.type": PKCS.odata_type,
        "@odata.context": "x",
        "@microsoft.graph.tips": "x",
        "assignments@odata.context": "x",
        "subjectNameFormat@odata.type": "x",
        "rootCertificate@odata.bind": "x",
        "rootCertificate": {"id": ID},
        "assignments": [],
    }
    assert patched(PKCS, body) == {}


def test_an_unknown_property_is_refused_in_odatas_words() -> None:
    with pytest.raises(Invalid, match="defined by the type") as error:
        patched(USER, {"frobnicate": "x"})
    assert "The property 'frobnicate' does not exist on type 'microsoft.graph.user'" in error.value.message


def test_names_are_taken_in_any_case_at_every_level_with_their_annotations() -> None:
    body = {
        "@OData.Type": "#microsoft.graph.user",
        "MailNickName": "dave",
        "passwordprofile": {"PASSWORD": "x"},
        "ASSIGNEDLICENSES": [{"skuid": ID}],
        "Manager@OData.Bind": "users/x",
        "MailNickName@odata.context": "x",
        "frobNicate": {"DisplayName": "x"},
    }
    respell(body, spellings=MODEL.table.spellings())
    assert body == {
        "@odata.type": "#microsoft.graph.user",
        "mailNickname": "dave",
        "passwordProfile": {"password": "x"},
        "assignedLicenses": [{"skuId": ID}],
        "manager@odata.bind": "users/x",
        "mailNickname@odata.context": "x",
        "frobNicate": {"displayName": "x"},
    }


def test_a_name_that_types_spell_differently_is_found_by_the_type() -> None:
    spellings = MODEL.table.spellings()
    # No more than these: a new one needs a look at what reads it without `accept`.
    assert len([name for name, spelling in spellings.items() if spelling is None]) == 13
    assert spellings["bundleid"] is None
    assert patched(entity("iosLobApp"), {"BundleID": "com.contoso.notes"}) == {"bundleId": "com.contoso.notes"}


@pytest.mark.parametrize(
    "body", [{"mailNickname": "a", "mailNickName": "b"}, {"mailNICKNAME": "a", "MAILnickname": "b"}]
)
def test_a_body_with_one_name_in_two_cases_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="'mailNickname' is there twice") as error:
        respell({"value": [dict(body)]}, spellings=MODEL.table.spellings())
    assert error.value.target == "mailNickname"
    with pytest.raises(Invalid, match="'mailNickname' is there twice"):
        patched(USER, body)


def test_v1_refuses_properties_of_beta() -> None:
    assert patched(DEVICE, {"ownerType": "company"}) == {"ownerType": "company"}
    with pytest.raises(Invalid, match="beta only"):
        patched(DEVICE, {"ownerType": "company"}, version=Version.V1)


def test_v1_refuses_types_of_beta() -> None:
    with pytest.raises(Invalid, match="could not be resolved by the model"):
        patched(PFX, {}, version=Version.V1)


@pytest.mark.parametrize(
    "name", ["displayName", "accountEnabled", "mailNickname", "userPrincipalName", "passwordProfile"]
)
def test_a_user_needs_what_graph_requires(name: str) -> None:
    body: dict[str, Any] = {
        "displayName": "Alice",
        "accountEnabled": False,
        "mailNickname": "alice",
        "userPrincipalName": "alice@contoso.example",
        "passwordProfile": {"password": "x"},
    }
    assert accept(USER, body, partial=False, version=Version.V1)["accountEnabled"] is False
    del body[name]
    assert accept(USER, body, partial=True, version=Version.V1).keys() == body.keys()
    with pytest.raises(Invalid, match=name) as error:
        accept(USER, body, partial=False, version=Version.V1)
    assert error.value.target == name


@pytest.mark.parametrize("sent", ["#microsoft.graph.userPFXCertificate", "MICROSOFT.GRAPH.USERPFXCERTIFICATE"])
def test_a_type_may_be_spelt_in_any_way(sent: str) -> None:
    assert patched(PFX, {"@odata.type": sent, "keyName": "k"}) == {"keyName": "k"}


def test_a_patch_may_name_a_base_type_but_not_another_one() -> None:
    assert patched(PKCS, {"@odata.type": "#microsoft.graph.deviceConfiguration"}) == {}
    with pytest.raises(Invalid, match="this is and stays"):
        patched(PKCS, {"@odata.type": "#microsoft.graph.androidDeviceOwnerTrustedRootCertificate"})


def test_nothing_can_be_made_of_an_abstract_type() -> None:
    with pytest.raises(Invalid, match="abstract"):
        accept(entity("deviceConfiguration"), {"displayName": "x"}, partial=False, version=Version.BETA)


@pytest.mark.parametrize("body", [[], "x", None])
def test_a_body_must_be_an_object(body: Any) -> None:
    with pytest.raises(Invalid, match="JSON object"):
        patched(USER, body)


def test_a_type_that_is_no_text_is_refused() -> None:
    assert type_name({"@odata.type": "#microsoft.graph.user"}) == "user"
    assert type_name({}) is None
    with pytest.raises(Invalid):
        type_name({"@odata.type": 5})


def test_an_assignments_target_keeps_its_type_and_is_completed() -> None:
    target = {"@odata.type": "microsoft.graph.GROUPAssignmentTarget", "groupId": ID}
    body = {"id": "", "@odata.type": "#microsoft.graph.deviceConfigurationAssignment", "target": target}
    assert accept(ASSIGNMENT, body, partial=False, version=Version.BETA) == {
        "target": {
            "@odata.type": "#microsoft.graph.groupAssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": None,
            "deviceAndAppManagementAssignmentFilterType": "none",
            "groupId": ID,
        }
    }


@pytest.mark.parametrize(
    "target",
    [
        {"groupId": ID},
        {"@odata.type": "#microsoft.graph.groupAssignmentTarget"},
        {"@odata.type": "#microsoft.graph.deviceAndAppManagementAssignmentTarget"},
        {"@odata.type": "#microsoft.graph.user"},
    ],
)
def test_a_target_of_no_known_kind_or_without_its_group_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="target"):
        accept(ASSIGNMENT, {"target": target}, partial=False, version=Version.BETA)


URL = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (PKCS, {"rootCertificate@odata.bind": f"{URL}('{ID}')"}, {"rootCertificate": [ID]}),
        (PKCS, {"RootCertificate@odata.bind": f"/deviceConfigurations/{ID}"}, {"rootCertificate": [ID]}),
        (PKCS, {"rootCertificate": {"id": ID, "@odata.type": "#microsoft.graph.x"}}, {"rootCertificate": [ID]}),
        (PKCS, {"rootCertificate@odata.bind": None}, {"rootCertificate": []}),
        (PKCS, {"rootCertificate": None}, {"rootCertificate": []}),
        (PKCS, {"assignments": [{"id": "x"}]}, {}),
        (GROUP, {"members@odata.bind": ["https://x/v1.0/users/a", "https://x/v1.0/users/b"]}, {"members": ["a", "b"]}),
        (GROUP, {"displayName": "x"}, {}),
    ],
)
def test_binds_are_read_in_every_form(kind: Entity, body: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert binds(kind, body) == expected


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"certificate@odata.bind": "x/y"}, "does not exist"),
        ({"assignments@odata.bind": ["x/y"]}, "does not exist"),
        ({"rootCertificate@odata.bind": ["x/a", "x/b"]}, "refers to one thing"),
        ({"rootCertificate@odata.bind": 5}, "bound to a URL"),
        ({"rootCertificate@odata.bind": ID}, "not a reference"),
        ({"rootCertificate": "x"}, "must be an object"),
        ({"rootCertificate": {"name": "x"}}, "bound to a URL"),
    ],
)
def test_binds_that_cannot_be_are_refused(body: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        binds(PKCS, body)


def test_defaults_are_complete_and_new_at_every_call() -> None:
    first, second = defaults(PKCS), defaults(PKCS)
    assert first == second
    assert set(first) == set(PKCS.properties_in(Version.BETA)) - {"id"}
    assert first["roleScopeTagIds"] == ["0"]
    assert first["extendedKeyUsages"] == []
    assert first["version"] == 1
    assert first["description"] is None
    assert first["subjectAlternativeNameType"] is None
    first["roleScopeTagIds"].append("1")
    assert second["roleScopeTagIds"] == ["0"]


def test_binary_survives() -> None:
    blob = base64.b64encode(bytes(range(256))).decode()
    assert patched(PFX, {"encryptedPfxBlob": blob}) == {"encryptedPfxBlob": blob}


@pytest.mark.parametrize(
    ("edm", "sent", "kept"),
    [
        (Edm.DOUBLE, 1.5, 1.5),
        (Edm.SINGLE, -2, -2),
        (Edm.BYTE, 255, 255),
        (Edm.DATE, "2026-11-24", "2026-11-24"),
        (Edm.TIME_OF_DAY, "08:30", "08:30:00.0000000"),
        (Edm.TIME_OF_DAY, "08:30:15.25", "08:30:15.2500000"),
        (Edm.DURATION, "P1DT2H30M", "P1DT2H30M"),
        (Edm.DURATION, "-PT0.5S", "-PT0.5S"),
    ],
)
def test_a_value_of_a_rare_primitive_type_is_kept_in_its_normal_form(edm: Edm, sent: object, kept: object) -> None:
    assert primitive(sent, edm) == kept


@pytest.mark.parametrize(
    ("edm", "sent"),
    [
        *((Edm.DOUBLE, each) for each in ("1.5", True, None, json.loads("1e999"), json.loads("NaN"), 10**400)),
        *((Edm.BYTE, each) for each in (256, -1, 1.0, True)),
        *((Edm.DATE, each) for each in ("2026-11-31", "2026-11-24T10:00:00Z", "24.11.2026", "2026-1-1", 20261124)),
        *((Edm.TIME_OF_DAY, each) for each in ("25:00", "08", "08:30Z", "08:30+01:00", "")),
        *((Edm.DURATION, each) for each in ("P", "PT", "1D", "P1S", "PT1H2", "P" + "9" * 5000 + "D", "P\u0661D")),
        (Edm.STREAM, "AAAA"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(edm: Edm, sent: object) -> None:
    with pytest.raises(Invalid):
        primitive(sent, edm)
