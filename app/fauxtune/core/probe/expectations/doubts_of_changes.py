"""What the emulator's code marks `Unverified:` or `Differs from Intune:`, where it takes a change. Only with --write.

Where the emulator is known to differ (`differs_here`), the expectation is only about the real service.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import Has
from fauxtune.core.probe.expectations.forms import (
    delete,
    equal,
    get,
    patch,
    post,
    refused,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation, Step

_OURS = Basis.UNVERIFIED
_BETA = ("beta",)
_WRITE = (needs.WRITE_CONFIGURATION,)
_ASSIGNS = (needs.WRITE_CONFIGURATION, needs.WRITE_GROUPS)
_PROFILES = "/deviceManagement/deviceConfigurations"
_ONE, _FILTERS = f"{_PROFILES}/{{profile}}", "/deviceManagement/assignmentFilters"
_TAGS, _CATEGORIES = "/deviceManagement/roleScopeTags", "/deviceManagement/deviceCategories"
_GROUP = {
    "displayName": "{prefix}doubt",
    "mailEnabled": False,
    "mailNickname": "{prefix}doubt",
    "securityEnabled": True,
}
_USER = {
    "accountEnabled": False,
    "displayName": "{prefix}doubt",
    "mailNickname": "{prefix}doubt",
    "userPrincipalName": "{prefix}doubt@{domain}",
    "passwordProfile": {"forceChangePasswordNextSignIn": True, "password": "{password}"},
}
_IMPORTED = {
    "@odata.type": "#microsoft.graph.iosImportedPFXCertificateProfile",
    "displayName": "{prefix}doubt",
    "intendedPurpose": "smimeEncryption",
}
_MAIL = {
    "@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration",
    "displayName": "{prefix}doubt",
    "accountName": "{prefix}doubt",
    "hostName": "mail.example",
}
_ROOT = {
    "@odata.type": "#microsoft.graph.iosTrustedRootCertificate",
    "displayName": "{prefix}doubt",
    "certFileName": "probe.cer",
    # A self-signed authority, whose key was thrown away.
    "trustedRootCertificate": (
        "MIIBPTCB5KADAgECAgEBMAoGCCqGSM49BAMCMB4xHDAaBgNVBAMME2ZhdXh0dW5lLXByb2JlIHJvb3Qw"
        "HhcNMjQwMTAxMDAwMDAwWhcNNDkwMTAxMDAwMDAwWjAeMRwwGgYDVQQDDBNmYXV4dHVuZS1wcm9iZSBy"
        "b290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsK7C1yGZ5blSZ+JjfL9Nlbnb3YmofjwSVgS1LNO9"
        "LApHHJSrU7UGr1FEg+UHhtoAvOMVCGz7sg69OwFYdO9eNaMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggq"
        "hkjOPQQDAgNIADBFAiEAw+2DHkDnfc+7xFDNoHL7/lcN0DTAmf/3qJpzTz21J/wCIGG+QgqMBFDBx0wW"
        "dB1q1XoDvojw2v3L3W+tOXSoO4/p"
    ),
}
_LEAF = {
    **_ROOT,
    # The certificate of nobody, which is no authority.
    "trustedRootCertificate": (
        "MIIBOzCB46ADAgECAgEBMAoGCCqGSM49BAMCMCAxHjAcBgNVBAMMFWZhdXh0dW5lLXByb2JlIGlzc3Vl"
        "cjAeFw0yNDAxMDEwMDAwMDBaFw00OTAxMDEwMDAwMDBaMB4xHDAaBgNVBAMME2ZhdXh0dW5lLXByb2Jl"
        "IGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQg4fl0fWCpGkLtV/iItS69xuTKBAAX5Utq5oNQ"
        "fV2VN9C0VBDFEDwbnawitzKUwLFidsOX4yy9BLV/EEfGtg5/oxAwDjAMBgNVHRMBAf8EAjAAMAoGCCqG"
        "SM49BAMCA0cAMEQCIHk5yftZJxTaR17pOcnw148LTWRTnZ2cIl/syOcD4REhAiADLZTmqJ7XoynGJOSq"
        "2LGcTxfK+BDPgR8gU+fIdFsmHg=="
    ),
}
_FILTER = {
    "displayName": "{prefix}doubt",
    "platform": "androidForWork",
    "rule": '(device.manufacturer -eq "Fauxtune")',
}
_CREATED = post(_PROFILES, _IMPORTED, status(201), keeps={"profile": "id"})
_EMPTY_GROUP = post("/groups", _GROUP, status(201), keeps={"group": "id"})
_INCLUDED = {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "{group}"}}
_EXCLUDED = {"target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": "{group}"}}
_BIND = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations('{{{}}}')"


DOUBTS_OF_CHANGES: tuple[Expectation, ...] = (
    Expectation(
        id="assign-included-and-excluded",
        says="assign with one group both included and excluded is refused with 400.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_ASSIGNS,
        steps=(
            _CREATED,
            _EMPTY_GROUP,
            post(f"{_ONE}/assign", {"assignments": [_INCLUDED, _EXCLUDED]}, *refused(400)),
        ),
    ),
    Expectation(
        id="assignment-add-twice",
        says="A second assignment of one group by POST to assignments is refused.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_ASSIGNS,
        steps=(
            _CREATED,
            _EMPTY_GROUP,
            post(f"{_ONE}/assignments", _INCLUDED, status(201)),
            post(f"{_ONE}/assignments", _INCLUDED, status(400, 409)),
        ),
    ),
    Expectation(
        id="reference-raises-version",
        says="A change of a reference raises the version of a profile.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(
            post(_PROFILES, _IMPORTED, status(201), keeps={"certificateProfile": "id"}),
            post(_PROFILES, _MAIL, status(201), keeps={"profile": "id"}),
            Step(
                method="PUT",
                path=f"{_ONE}/microsoft.graph.iosEasEmailProfileConfiguration/smimeEncryptionCertificate/$ref",
                body={"@odata.id": _BIND.format("certificateProfile")},
                checks=(status(204),),
            ),
            get(_ONE, equal("version", 2)),
            delete(f"{_ONE}/microsoft.graph.iosEasEmailProfileConfiguration/smimeEncryptionCertificate/$ref"),
        ),
    ),
    Expectation(
        id="reference-of-wrong-type",
        says="A reference to a profile of a type that does not fit is refused with 400.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(
            post(_PROFILES, _ROOT, status(201), keeps={"root": "id"}),
            post(_PROFILES, {**_MAIL, "identityCertificate@odata.bind": _BIND.format("root")}, *refused(400)),
        ),
    ),
    Expectation(
        id="trusted-root",
        says="A trusted root keeps its certificate as it was sent.",
        source=by.reference("iosTrustedRootCertificate (beta)"),
        versions=_BETA,
        needs=_WRITE,
        steps=(
            post(
                _PROFILES,
                _ROOT,
                status(201),
                equal("trustedRootCertificate", _ROOT["trustedRootCertificate"]),
                equal("certFileName", "probe.cer"),
            ),
        ),
    ),
    Expectation(
        id="trusted-root-of-no-authority",
        says="A certificate that is no authority is refused as a trusted root.",
        source="Intune: Trusted root certificate profiles (2024-09)",
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(post(_PROFILES, _LEAF, *refused(400)),),
    ),
    Expectation(
        id="mail-profile-without-server",
        says="An e-mail profile without hostName is refused with 400.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(post(_PROFILES, {name: value for name, value in _MAIL.items() if name != "hostName"}, *refused(400)),),
    ),
    Expectation(
        id="profile-with-unknown-tag",
        says="roleScopeTagIds may name a tag that does not exist.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(
            post(
                _PROFILES,
                {**_IMPORTED, "roleScopeTagIds": ["987654"]},
                status(201),
                equal("roleScopeTagIds", ["987654"]),
            ),
        ),
    ),
    Expectation(
        id="profile-collection-null",
        says="A collection that is sent as null is read as empty.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(post(_PROFILES, {**_IMPORTED, "roleScopeTagIds": None}, status(201), Has("roleScopeTagIds", "list")),),
    ),
    Expectation(
        id="profile-unknown-property-of-v1",
        says="v1.0 refuses a property that a profile's type does not have, with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=("v1.0",),
        needs=_WRITE,
        differs_here="kinds of profiles that reach no device keep what they are sent",
        steps=(
            post(
                _PROFILES,
                {
                    "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
                    "displayName": "{prefix}doubt",
                    "frob": "x",
                },
                *refused(400),
            ),
        ),
    ),
    Expectation(
        id="imported-purpose-is-fixed",
        of_today=True,
        says="The purpose of a profile for imported certificates cannot be changed.",
        source="Intune: Imported PKCS certificate profiles (2023-04)",
        versions=_BETA,
        needs=_WRITE,
        basis=_OURS,
        steps=(
            _CREATED,
            patch(_ONE, {"@odata.type": _IMPORTED["@odata.type"], "intendedPurpose": "smimeSigning"}, *refused(400)),
        ),
    ),
    Expectation(
        id="filter-keeps-its-platform",
        says="The platform of an assignment filter cannot be changed.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_WRITE,
        steps=(
            post(_FILTERS, _FILTER, status(200, 201), keeps={"filter": "id"}),
            patch(f"{_FILTERS}/{{filter}}", {"platform": "iOS"}, *refused(400)),
        ),
    ),
    Expectation(
        id="filter-in-use",
        says="An assignment filter that is in use cannot be deleted.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=_ASSIGNS,
        steps=(
            post(_FILTERS, {**_FILTER, "platform": "iOS"}, status(200, 201), keeps={"filter": "id"}),
            _CREATED,
            _EMPTY_GROUP,
            post(
                f"{_ONE}/assign",
                {
                    "assignments": [
                        {
                            "target": {
                                **_INCLUDED["target"],
                                "deviceAndAppManagementAssignmentFilterId": "{filter}",
                                "deviceAndAppManagementAssignmentFilterType": "include",
                            }
                        }
                    ]
                },
                status(200),
            ),
            delete(f"{_FILTERS}/{{filter}}", *refused(400)),
        ),
    ),
    Expectation(
        id="tag-same-name",
        says="A second scope tag of one name is refused.",
        source=by.OURS,
        basis=_OURS,
        versions=_BETA,
        needs=(needs.WRITE_RBAC,),
        steps=(
            post(_TAGS, {"displayName": "{prefix}doubt", "description": ""}, status(200, 201)),
            post(_TAGS, {"displayName": "{prefix}doubt", "description": ""}, status(400, 409)),
        ),
    ),
    Expectation(
        id="category-same-name",
        says="A second device category of one name is refused.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.WRITE_MANAGED,),
        steps=(
            post(_CATEGORIES, {"displayName": "{prefix}doubt", "description": ""}, status(201)),
            post(_CATEGORIES, {"displayName": "{prefix}doubt", "description": ""}, status(400, 409)),
        ),
    ),
    Expectation(
        id="group-for-mail-and-security",
        says="A mail-enabled group that is not Unified cannot be created.",
        source=by.reference("Overview of groups"),
        needs=(needs.WRITE_GROUPS,),
        basis=_OURS,
        steps=(post("/groups", {**_GROUP, "mailEnabled": True}, *refused(400)),),
    ),
    Expectation(
        id="group-of-unknown-kind",
        says="A group with an unknown member of groupTypes is refused with 400.",
        source=by.OURS,
        basis=_OURS,
        needs=(needs.WRITE_GROUPS,),
        steps=(post("/groups", {**_GROUP, "groupTypes": ["Frob"]}, *refused(400)),),
    ),
    Expectation(
        id="user-of-foreign-domain",
        says="A user of a domain that is not the tenant's is refused with 400.",
        source=by.reference("Create User"),
        needs=(needs.WRITE_USERS, needs.READ_DOMAINS),
        differs_here="users may have any domain",
        steps=(post("/users", {**_USER, "userPrincipalName": "{prefix}doubt@example.invalid"}, *refused(400)),),
    ),
    Expectation(
        id="user-licences-by-patch",
        says="assignedLicenses of a user cannot be written by PATCH.",
        source=by.reference("user"),
        needs=(needs.WRITE_USERS, needs.READ_DOMAINS),
        differs_here="assignedLicenses can be written",
        steps=(
            post("/users", _USER, status(201), keeps={"user": "id"}),
            patch("/users/{user}", {"assignedLicenses": []}, *refused(400)),
        ),
    ),
    Expectation(
        id="user-recycle-bin",
        says="A deleted user can be read in directory/deletedItems.",
        source=by.reference("Get deleted item"),
        needs=(needs.WRITE_USERS, needs.READ_DOMAINS),
        differs_here="there is no recycle bin",
        steps=(
            post("/users", _USER, status(201), keeps={"user": "id"}),
            delete("/users/{user}"),
            get("/directory/deletedItems/{user}", equal("id", "{user}")),
        ),
    ),
)
