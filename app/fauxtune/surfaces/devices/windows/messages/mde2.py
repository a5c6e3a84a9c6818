"""The messages of the three steps of an enrolment: Discover, GetPolicies, RequestSecurityToken.

MS-MDE2 3.1 (Discover), 3.3 (GetPolicies; MS-XCEP), 3.4 (RequestSecurityToken; MS-WSTEP). Samples pad values with line
ends, and phones of the 8.1 era leave elements out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.xml import leaf, tag
from fauxtune.core.pki.foreign import is_pem
from fauxtune.surfaces.devices.windows.messages.soap import (
    BASE64_BINARY,
    DISCOVERY,
    ENROLLMENT,
    POLICY,
    SECURITY,
    Request,
    binary,
)

_TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
_MANAGER = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
ON_PREMISE, FEDERATED = "OnPremise", "Federated"
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Discover:
    """Discover. The e-mail address may be empty; without AuthPolicies the client accepts any."""

    email: str
    request_version: str
    device_type: str
    policies: tuple[str, ...]

    @property
    def version(self) -> str:
        """The EnrollmentVersion of the answer."""
        major = self.request_version.partition(".")[0]
        number = int(major) if major.isascii() and major.isdigit() and len(major) < 4 else 0
        return f"{min(max(number, 3), 5)}.0"

    @property
    def policy(self) -> str:
        """The AuthPolicy of the answer. Raises Invalid if the client offers none that is emulated."""
        offered = {policy.lower() for policy in self.policies}
        for policy in (ON_PREMISE, FEDERATED):
            if not offered or policy.lower() in offered:
                return policy
        raise Invalid(
            f"The client offers the AuthPolicies {', '.join(self.policies)}; only {ON_PREMISE} and {FEDERATED} are "
            "emulated.",
            target="policies",
        )


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """RequestSecurityToken. `items`: the context items by lower-case name; some repeat (MAC, IMEI). `signed`: the
    certificate request is in CMS, signed by the identity that it renews (PKCS7).
    """

    renews: bool
    signed: bool
    certificate_request: bytes
    items: Mapping[str, tuple[str, ...]]

    def item(self, name: str) -> str:
        """Return the first value of a context item that is not empty; else empty."""
        return next((value for value in self.items.get(name.lower(), ()) if value), "")


def discover(request: Request) -> Discover:
    """Read Discover. Raises Invalid for another body."""
    content = request.body.find("request") if request.body.name == "Discover" else None
    if content is None:
        raise Invalid("The body must be Discover with an element request in it.")
    policies = content.find("AuthPolicies")
    return Discover(
        email=content.text_at("EmailAddress"),
        request_version=content.text_at("RequestVersion"),
        device_type=content.text_at("DeviceType"),
        policies=() if policies is None else tuple(policy.text for policy in policies.all("AuthPolicy") if policy.text),
    )


def discovered(request: Discover, *, policy_url: str, enrollment_url: str, sign_in_url: str) -> str:
    """Write DiscoverResponse. Only Federated has the address of the sign-in page."""
    result = leaf("AuthPolicy", request.policy) + leaf("EnrollmentVersion", request.version)
    result += leaf("EnrollmentPolicyServiceUrl", policy_url) + leaf("EnrollmentServiceUrl", enrollment_url)
    if request.policy == FEDERATED:
        result += leaf("AuthenticationServiceUrl", sign_in_url)
    return tag("DiscoverResponse", tag("DiscoverResult", result), xmlns=DISCOVERY)


def check_policies_request(request: Request) -> None:
    """Raise Invalid for a body that is not GetPolicies."""
    if request.body.name != "GetPolicies":
        raise Invalid("The body must be GetPolicies.")


def policies(policy_id: str, *, days: int) -> str:
    """Write GetPoliciesResponse: RSA-2048, SHA-256, a validity of so many days. Clients read the key's length and the
    hash (MS-XCEP 3.1.4.1).
    """
    attributes = leaf("commonName", "FauxtuneIdentity") + leaf("policySchema", "3")
    validity = (leaf("validityPeriodSeconds", str(days * _DAY)), leaf("renewalPeriodSeconds", str(42 * _DAY)))
    attributes += tag("certificateValidity", "".join(validity))
    attributes += tag("permission", leaf("enroll", "true") + leaf("autoEnroll", "false"))
    key = leaf("minimalKeyLength", "2048")
    key += _nothing("keySpec", "keyUsageProperty", "permissions", "algorithmOIDReference", "cryptoProviders")
    attributes += tag("privateKeyAttributes", key)
    attributes += tag("revision", leaf("majorRevision", "101") + leaf("minorRevision", "0"))
    attributes += _nothing("supersededPolicies", "privateKeyFlags", "subjectNameFlags", "enrollmentFlags")
    attributes += _nothing("generalFlags") + leaf("hashAlgorithmOIDReference", "0")
    attributes += _nothing("rARequirements", "keyArchivalAttributes", "extensions")
    policy = leaf("policyOIDReference", "0") + _nothing("cAs") + tag("attributes", attributes)
    response = leaf("policyID", policy_id) + _nothing("policyFriendlyName", "nextUpdateHours", "policiesNotChanged")
    response += tag("policies", tag("policy", policy))
    oid = leaf("value", "2.16.840.1.101.3.4.2.1") + leaf("group", "1") + leaf("oIDReferenceID", "0")
    oids = tag("oIDs", tag("oID", oid + leaf("defaultName", "szOID_NIST_sha256")))
    content = tag("response", response) + _nothing("cAs") + oids
    return tag("GetPoliciesResponse", content, xmlns=POLICY, xmlns__xsi=_INSTANCE)


def token_request(request: Request) -> TokenRequest:
    """Read RequestSecurityToken. Raises Invalid for another body; its target is csr for the certificate request."""
    body = request.body
    if body.name != "RequestSecurityToken":
        raise Invalid("The body must be RequestSecurityToken.")
    kind = body.text_at("RequestType").rpartition("/")[2]
    if kind.lower() not in ("issue", "renew"):
        raise Invalid(f"The RequestType must be Issue or Renew, not '{kind}'.", target="RequestType")
    token = body.find("BinarySecurityToken")
    if token is None:
        raise Invalid("The certificate request (BinarySecurityToken) is missing.", target="csr")
    # Without its line ends PEM would pass for base64 in the URL-safe alphabet.
    if is_pem(token.text):
        raise Invalid("The certificate request is PEM; it must be the base64 of the DER only.", target="csr")
    try:
        certificate_request = binary(token.text)
    except Invalid:
        raise Invalid("The certificate request is not base64.", target="csr") from None
    signed = token.attributes.get("ValueType", "").rpartition("#")[2].lower() == "pkcs7"
    values: dict[str, list[str]] = {}
    context = body.find("AdditionalContext")
    for item in () if context is None else context.all("ContextItem"):
        name = item.attributes.get("Name", "").strip().lower()
        values.setdefault(name, []).append(item.text_at("Value"))
    items = {name: tuple(of_name) for name, of_name in values.items()}
    return TokenRequest(
        renews=kind.lower() == "renew", signed=signed, certificate_request=certificate_request, items=items
    )


def token_answer(document: str) -> str:
    """Write RequestSecurityTokenResponseCollection around the base64 of a provisioning document."""
    token = leaf(
        "BinarySecurityToken",
        document,
        ValueType=f"{_MANAGER}/DeviceEnrollmentProvisionDoc",
        EncodingType=BASE64_BINARY,
        xmlns=SECURITY,
    )
    response = leaf("TokenType", f"{_MANAGER}/DeviceEnrollmentToken")
    response += tag("DispositionMessage", xmlns=ENROLLMENT) + tag("RequestedSecurityToken", token)
    response += leaf("RequestID", "0", xmlns=ENROLLMENT)
    inner = tag("RequestSecurityTokenResponse", response)
    return tag("RequestSecurityTokenResponseCollection", inner, xmlns=_TRUST)


def _nothing(*names: str) -> str:
    return "".join(tag(name, xsi__nil="true") for name in names)
