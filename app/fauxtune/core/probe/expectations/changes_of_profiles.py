"""Profiles that the probe creates, changes and deletes, and what of them is refused. Only with --write.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import Has, Lacks, Matches
from fauxtune.core.probe.expectations.forms import (
    GUID,
    delete,
    equal,
    get,
    get_refused,
    header,
    lacks,
    patch,
    post,
    refused,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation, Step
from fauxtune.core.probe.typed import Typed

_NEEDS = (needs.WRITE_CONFIGURATION,)
_BETA = ("beta",)
_ALL = "/deviceManagement/deviceConfigurations"
_ONE = f"{_ALL}/{{profile}}"
_TYPE = "#microsoft.graph.windows10CustomConfiguration"
_PROFILE = {"@odata.type": _TYPE, "displayName": "{prefix}profile"}
_IMPORTED = {
    "@odata.type": "#microsoft.graph.iosImportedPFXCertificateProfile",
    "displayName": "{prefix}imported",
    "intendedPurpose": "smimeEncryption",
}
_SCEP = {
    "@odata.type": "#microsoft.graph.windows81SCEPCertificateProfile",
    "displayName": "{prefix}scep",
    "renewalThresholdPercentage": 20,
    "keyStorageProvider": "useSoftwareKsp",
    "certificateValidityPeriodScale": "years",
    "certificateValidityPeriodValue": 1,
    "subjectNameFormat": "commonName",
    "subjectAlternativeNameType": "none",
    "scepServerUrls": ["https://scep.example/certsrv/mscep/mscep.dll"],
    "keySize": "size2048",
    "keyUsage": "digitalSignature,keyEncipherment",
    "hashAlgorithm": "sha2",
    "certificateStore": "user",
    "extendedKeyUsages": [{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
}
_CREATED = post(_ALL, _PROFILE, status(201), keeps={"profile": "id"})


def _refused_profile(body: object, *codes: str) -> Step:
    return post(_ALL, body, *refused(400, *codes))


CHANGES_OF_PROFILES: tuple[Expectation, ...] = (
    Expectation(
        id="profile-create",
        says="A created profile is answered with 201 and the entity: version 1, both times equal, no description.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            post(
                _ALL,
                _PROFILE,
                status(201),
                Matches("id", GUID),
                equal("@odata.type", _TYPE),
                equal("version", 1),
                equal("description", None),
                Has("createdDateTime", "time"),
                Has("lastModifiedDateTime", "time"),
                Matches("@odata.context", r"#deviceManagement/deviceConfigurations/\$entity$"),
            ),
        ),
    ),
    Expectation(
        id="profile-create-everything-there",
        says="A created profile shows every property of its type, set or not, and no navigation.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(
                _ALL,
                _SCEP,
                status(201),
                Typed("", "windows81SCEPCertificateProfile"),
                *lacks("assignments", "deviceStatuses", "rootCertificate"),
            ),
        ),
    ),
    Expectation(
        id="profile-create-in-beta",
        says="beta shows roleScopeTagIds with the built-in tag, and supportsScopeTags.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(post(_ALL, _PROFILE, status(201), equal("roleScopeTagIds", ["0"]), equal("supportsScopeTags", True)),),
    ),
    Expectation(
        id="profile-id-of-the-client",
        says="An id that the client sends is passed over.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(
            post(
                _ALL,
                {**_PROFILE, "id": "00000000-0000-0000-0000-000000000000"},
                status(201),
                Matches("id", "^(?!00000000)"),
            ),
        ),
    ),
    Expectation(
        id="profile-update",
        says="A change of a profile is answered with 200 and the entity, with the next version.",
        source=by.reference("Update windows10CustomConfiguration"),
        needs=_NEEDS,
        steps=(
            _CREATED,
            patch(
                _ONE,
                {"@odata.type": _TYPE, "description": "{prefix}description"},
                status(200),
                equal("description", "{prefix}description"),
                equal("displayName", "{prefix}profile"),
                equal("version", 2),
            ),
        ),
    ),
    Expectation(
        id="profile-delete",
        says="A deleted profile is answered with 204, and is not there afterwards.",
        source=by.reference("Delete windows10CustomConfiguration"),
        needs=_NEEDS,
        steps=(_CREATED, delete(_ONE), get_refused(_ONE, *refused(404, "ResourceNotFound", "NotFound"))),
    ),
    Expectation(
        id="profile-without-type",
        says="A profile without @odata.type is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(_refused_profile({"displayName": "{prefix}profile"}),),
    ),
    Expectation(
        id="profile-unknown-type",
        says="A profile of an unknown @odata.type is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(_refused_profile({**_PROFILE, "@odata.type": "#microsoft.graph.frobConfiguration"}),),
    ),
    Expectation(
        id="profile-without-name",
        says="A profile without displayName is refused with 400.",
        source=by.CONFIGURATION,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(_refused_profile({"@odata.type": _TYPE}),),
    ),
    Expectation(
        id="profile-unknown-property",
        says="A property that a profile's type does not have is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(_refused_profile({**_IMPORTED, "frob": "x"}),),
    ),
    Expectation(
        id="profile-wrong-type-of-value",
        says="A number for displayName of a profile is refused with 400.",
        source=by.ODATA_JSON,
        needs=_NEEDS,
        steps=(_refused_profile({**_PROFILE, "displayName": 7}),),
    ),
    Expectation(
        id="profile-keeps-its-type",
        says="A change of a profile's @odata.type is refused with 400.",
        source=by.OURS,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(
            _CREATED,
            patch(_ONE, {"@odata.type": "#microsoft.graph.iosCustomConfiguration", "description": "x"}, *refused(400)),
        ),
    ),
    Expectation(
        id="profile-verb-unknown",
        says="PUT on the collection of profiles is refused with 'No method match route template'.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_NEEDS,
        steps=(Step(method="PUT", path=_ALL, body={}, checks=refused(400, "No method match route template")),),
    ),
    Expectation(
        id="profile-beta-type-in-v1",
        says="v1.0 refuses a profile of a type that beta alone has.",
        source=by.OURS,
        basis=Basis.UNVERIFIED,
        versions=("v1.0",),
        needs=_NEEDS,
        steps=(_refused_profile(_IMPORTED),),
    ),
    Expectation(
        id="profile-imported",
        says="A profile for imported certificates keeps its purpose.",
        source=by.reference("iosImportedPFXCertificateProfile (beta)"),
        versions=_BETA,
        needs=_NEEDS,
        steps=(post(_ALL, _IMPORTED, status(201), equal("intendedPurpose", "smimeEncryption")),),
    ),
    Expectation(
        id="enum-casing",
        says="A member of an enumeration is read in any casing, and shown in Graph's.",
        source=by.PFX,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(
                _ALL,
                {**_IMPORTED, "intendedPurpose": "SmimeSigning"},
                status(201),
                equal("intendedPurpose", "smimeSigning"),
            ),
        ),
    ),
    Expectation(
        id="enum-number",
        says="A member of an enumeration may be written as its number: intendedPurpose 2 is smimeEncryption.",
        source=by.reference("intendedPurpose (beta)"),
        basis=Basis.UNVERIFIED,
        versions=_BETA,
        needs=_NEEDS,
        steps=(post(_ALL, {**_IMPORTED, "intendedPurpose": 2}, status(201), Has("intendedPurpose", "text")),),
    ),
    Expectation(
        id="enum-unknown",
        says="A member that an enumeration does not have is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(_refused_profile({**_IMPORTED, "intendedPurpose": "frob"}),),
    ),
    Expectation(
        id="enum-flags",
        says="Flags are one text with commas, the lowest bit first, in whatever order they were sent.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(post(_ALL, _SCEP, status(201), equal("keyUsage", "keyEncipherment,digitalSignature")),),
    ),
    Expectation(
        id="prefer-minimal",
        says="With Prefer: return=minimal a created profile is answered with 204 and its place, or with 201.",
        source=by.ODATA_JSON,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(
            _CREATED,
            patch(
                _ONE, {"@odata.type": _TYPE, "description": "x"}, status(200, 204), headers={"Prefer": "return=minimal"}
            ),
        ),
    ),
    Expectation(
        id="reference-shown-on-request",
        says="A reference that was bound is shown by $expand and at its own address, and not on a plain read.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(_ALL, _IMPORTED, status(201), keeps={"certificateProfile": "id"}),
            post(
                _ALL,
                {
                    "@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration",
                    "displayName": "{prefix}mail",
                    "accountName": "{prefix}mail",
                    "hostName": "mail.example",
                    "emailAddressSource": "primarySmtpAddress",
                    "usernameSource": "userPrincipalName",
                    "authenticationMethod": "usernameAndPassword",
                    "requireSsl": True,
                    "smimeEncryptByDefaultEnabled": True,
                    "encryptionCertificateType": "certificate",
                    "smimeEncryptionCertificate@odata.bind": "https://graph.microsoft.com/beta/deviceManagement"
                    "/deviceConfigurations('{certificateProfile}')",
                },
                status(201),
                Lacks("smimeEncryptionCertificate"),
                keeps={"profile": "id"},
            ),
            get(_ONE, Lacks("smimeEncryptionCertificate"), Lacks("smimeEncryptionCertificate@odata.bind")),
            get(
                f"{_ONE}/microsoft.graph.iosEasEmailProfileConfiguration/smimeEncryptionCertificate",
                equal("id", "{certificateProfile}"),
            ),
            get(
                f"{_ONE}?$expand=microsoft.graph.iosEasEmailProfileConfiguration/smimeEncryptionCertificate",
                equal("smimeEncryptionCertificate/id", "{certificateProfile}"),
            ),
        ),
    ),
    Expectation(
        id="reference-protects",
        says="A profile that another one refers to cannot be deleted: 400.",
        source=by.OURS,
        basis=Basis.UNVERIFIED,
        versions=_BETA,
        needs=_NEEDS,
        steps=(
            post(_ALL, _IMPORTED, status(201), keeps={"certificateProfile": "id"}),
            post(
                _ALL,
                {
                    "@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration",
                    "displayName": "{prefix}mail",
                    "accountName": "{prefix}mail",
                    "hostName": "mail.example",
                    "smimeEncryptionCertificate@odata.bind": "https://graph.microsoft.com/beta/deviceManagement"
                    "/deviceConfigurations('{certificateProfile}')",
                },
                status(201),
            ),
            delete(f"{_ALL}/{{certificateProfile}}", *refused(400)),
        ),
    ),
    Expectation(
        id="profile-place",
        says="The answer to a created profile names its place in the header Location.",
        source=by.ODATA_JSON,
        basis=Basis.UNVERIFIED,
        needs=_NEEDS,
        steps=(post(_ALL, _PROFILE, status(201), header("location", "/deviceConfigurations")),),
    ),
)
