"""Assignments, filters, tags and categories that the probe creates; what is refused. Only with --write.

No profile is ever assigned to anybody but to empty groups that the probe made.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Matches
from fauxtune.core.probe.expectations.forms import (
    GUID,
    delete,
    each,
    equal,
    get,
    get_refused,
    patch,
    post,
    refused,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation, Step

_NEEDS = (needs.WRITE_CONFIGURATION,)
_ASSIGNS = (needs.WRITE_CONFIGURATION, needs.WRITE_GROUPS)
_BETA = ("beta",)
_ALL = "/deviceManagement/deviceConfigurations"
_ONE = f"{_ALL}/{{profile}}"
_TYPE = "#microsoft.graph.windows10CustomConfiguration"
_PROFILE = {"@odata.type": _TYPE, "displayName": "{prefix}profile"}
_GROUP = {
    "displayName": "{prefix}empty",
    "mailEnabled": False,
    "mailNickname": "{prefix}empty",
    "securityEnabled": True,
}
_CREATED = post(_ALL, _PROFILE, status(201), keeps={"profile": "id"})
_EMPTY_GROUP = post("/groups", _GROUP, status(201), keeps={"group": "id"})
_TARGET = {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "{group}"}}
_EXCLUDED = {"target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": "{group}"}}
_FILTERS = "/deviceManagement/assignmentFilters"
_FILTER = {
    "displayName": "{prefix}filter",
    "platform": "androidForWork",
    "rule": '(device.manufacturer -eq "Fauxtune")',
}
_TAGS, _CATEGORIES = "/deviceManagement/roleScopeTags", "/deviceManagement/deviceCategories"
_CATEGORY = {"displayName": "{prefix}category", "description": "d"}


CHANGES_OF_INTUNE: tuple[Expectation, ...] = (
    Expectation(
        id="assign",
        says="assign is answered with 200 and a list of the assignments, with ids of profile and group.",
        source=by.reference("deviceConfiguration: assign"),
        needs=_ASSIGNS,
        steps=(
            _CREATED,
            _EMPTY_GROUP,
            post(
                f"{_ONE}/assign",
                {"assignments": [_TARGET]},
                status(200),
                each(Both((equal("id", "{profile}_{group}"), equal("target/groupId", "{group}")))),
            ),
        ),
    ),
    Expectation(
        id="assign-replaces",
        says="assign replaces all assignments; an empty list clears them.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_ASSIGNS,
        steps=(
            _CREATED,
            _EMPTY_GROUP,
            post(f"{_ONE}/assign", {"assignments": [_TARGET]}, status(200)),
            post(f"{_ONE}/assign", {"assignments": [_EXCLUDED]}, status(200)),
            get(
                f"{_ONE}/assignments",
                AtMost("value", 1),
                each(equal("target/@odata.type", "#microsoft.graph.exclusionGroupAssignmentTarget")),
            ),
            post(f"{_ONE}/assign", {"assignments": []}, status(200)),
            get(f"{_ONE}/assignments", AtMost("value", 0)),
        ),
    ),
    Expectation(
        id="assign-unknown-group",
        says="assign to an unknown group is refused with 400.",
        source=by.LIVE,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(
            _CREATED,
            post(
                f"{_ONE}/assign",
                {"assignments": [{"target": {**_TARGET["target"], "groupId": "{absent}"}}]},
                *refused(400),
            ),
        ),
    ),
    Expectation(
        id="assign-unknown-profile",
        says="assign of an unknown profile is refused with 404 ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(post(f"{_ALL}/{{absent}}/assign", {"assignments": []}, *refused(404, "ResourceNotFound", "NotFound")),),
    ),
    Expectation(
        id="assign-keeps-the-version",
        says="An assignment does not raise the version of a profile.",
        source=by.LIVE,
        basis=Basis.UNVERIFIED,
        needs=_ASSIGNS,
        steps=(
            _CREATED,
            _EMPTY_GROUP,
            post(f"{_ONE}/assign", {"assignments": [_TARGET]}, status(200)),
            get(_ONE, equal("version", 1)),
        ),
    ),
    Expectation(
        id="filter-create",
        says="An assignment filter is created with 201, and its rule is kept as it was sent.",
        source=by.reference("Create deviceAndAppManagementAssignmentFilter (beta)"),
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(
                _FILTERS,
                _FILTER,
                status(200, 201),
                equal("rule", _FILTER["rule"]),
                equal("platform", "androidForWork"),
                keeps={"filter": "id"},
            ),
            delete(f"{_FILTERS}/{{filter}}", status(200, 204)),
            get_refused(f"{_FILTERS}/{{filter}}", status(404)),
        ),
    ),
    Expectation(
        id="filter-rule-malformed",
        says="A rule that breaks off is refused with 400.",
        source=by.reference("Create deviceAndAppManagementAssignmentFilter (beta)"),
        versions=_BETA,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(post(_FILTERS, {**_FILTER, "rule": "(device.manufacturer -eq"}, *refused(400)),),
    ),
    Expectation(
        id="tag-create",
        says="A scope tag is created with a number as its id, is not built in, and is deleted with 204.",
        source=by.reference("Create roleScopeTag (beta)"),
        versions=_BETA,
        needs=(needs.WRITE_RBAC,),
        steps=(
            post(
                _TAGS,
                {"displayName": "{prefix}tag", "description": "d"},
                status(200, 201),
                Matches("id", r"^\d+$"),
                equal("isBuiltIn", False),
                keeps={"tag": "id"},
            ),
            delete(f"{_TAGS}/{{tag}}", status(200, 204)),
        ),
    ),
    Expectation(
        id="category-create",
        says="A device category is created with 201, changed with 200 and the entity, and deleted with 204.",
        source=by.reference("Create deviceCategory"),
        needs=(needs.WRITE_MANAGED,),
        steps=(
            post(_CATEGORIES, _CATEGORY, status(201), Matches("id", GUID), keeps={"category": "id"}),
            patch(f"{_CATEGORIES}/{{category}}", {"description": "e"}, status(200), equal("description", "e")),
            delete(f"{_CATEGORIES}/{{category}}"),
        ),
    ),
    Expectation(
        id="imported-certificate-of-nobody",
        says="An import for an unknown userPrincipalName is refused with 400.",
        source=by.OURS,
        basis=Basis.UNVERIFIED,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(
                "/deviceManagement/userPfxCertificates",
                {
                    "thumbprint": "0000000000000000000000000000000000000000",
                    "intendedPurpose": "smimeEncryption",
                    "userPrincipalName": "nobody@example.invalid",
                    "startDateTime": "2024-01-01T00:00:00Z",
                    "expirationDateTime": "2034-01-01T00:00:00Z",
                    "providerName": "Microsoft Software Key Storage Provider",
                    "keyName": "PFXEncryptionKey",
                    "paddingScheme": "oaepSha512",
                    "encryptedPfxBlob": "AAAA",
                    "encryptedPfxPassword": "AAAA",
                },
                *refused(400),
            ),
        ),
    ),
    Expectation(
        id="device-not-created-by-clients",
        says="A managed device cannot be created through Graph: it comes by enrolling.",
        source=by.OURS,
        basis=Basis.UNVERIFIED,
        needs=(needs.WRITE_MANAGED,),
        steps=(
            post(
                "/deviceManagement/managedDevices",
                {"deviceName": "{prefix}device"},
                status(400, 403, 404, 405, 500, 501),
                Has("error/code", "text"),
            ),
        ),
    ),
    Expectation(
        id="action-on-unknown-device",
        says="syncDevice of an unknown managed device is refused with 404 ResourceNotFound.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=("DeviceManagementManagedDevices.PrivilegedOperations.All",),
        steps=(
            Step(
                method="POST",
                path="/deviceManagement/managedDevices/{absent}/syncDevice",
                checks=refused(404, "ResourceNotFound", "NotFound"),
            ),
        ),
    ),
)
