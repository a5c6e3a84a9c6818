"""What the three steps of an enrolment say: Discover, GetPolicies, RequestSecurityToken.

MS-MDE2 3.1 (Discover), 3.3 (GetPolicies; MS-XCEP), 3.4 (RequestSecurityToken; MS-WSTEP). Samples pad values with line
ends, and phones of the 8.1 era leave things out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.errors import Invalid
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
from fauxtune.surfaces.devices.windows.messages.xml import leaf, tag

_TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
_MANAGER = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
ON_PREMISE, FEDERATED = "OnPremise", "Federated"
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Discover:
    """Where do I enrol? The address may be empty; what is not offered is offered by silence."""

    email: str
    request_version: str
    device_type: str
    policies: tuple[str, ...]

    @property
    def version(self) -> str:
        """The version to go on with."""
        major = self.request_version.partition(".")[0]
        number = int(major) if major.isascii() and major.isdigit() and len(major) < 4 else 0
        return f"{min(max(number, 3), 5)}.0"

    @property
    def policy(self) -> str:
        """How to prove oneself. Invalid where the client can nothing that we can."""
        offered = {each.lower(): each for each in self.policies}
        for policy in (ON_PREMISE, FEDERATED):
            if not offered or policy.lower() in offered:
                return policy
        raise Invalid(
            f"{', '.join(self.policies)} are offered as ways to prove oneself; {ON_PREMISE} and {FEDERATED} are known.",
            target="policies",
        )


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """RequestSecurityToken. `items` are the context items, of which some repeat (MAC, IMEI); `signed`: the certificate
    request comes in CMS, signed by the identity that is to be renewed (PKCS7).
    """

    renews: bool
    signed: bool
    certificate_request: bytes
    items: Mapping[str, tuple[str, ...]]

    def item(self, name: str) -> str:
        """The first value of a context item that says something; else empty."""
        return next((each for each in self.items.get(name.lower(), ()) if each), "")


def discover(request: Request) -> Discover:
    """What the device says of itself. Invalid for another body."""
    asked = request.body.find("request") if request.body.name == "Discover" else None
    if asked is None:
        raise Invalid("Discover with a request in it was expected.")
    listed = asked.find("AuthPolicies")
    return Discover(
        email=asked.text_at("EmailAddress"),
        request_version=asked.text_at("RequestVersion"),
        device_type=asked.text_at("DeviceType"),
        policies=() if listed is None else tuple(each.text for each in listed.all("AuthPolicy") if each.text),
    )


def discovered(asked: Discover, *, policy_url: str, enrollment_url: str, sign_in_url: str) -> str:
    """DiscoverResponse. The address to sign in at goes with Federated alone."""
    told = leaf("AuthPolicy", asked.policy) + leaf("EnrollmentVersion", asked.version)
    told += leaf("EnrollmentPolicyServiceUrl", policy_url) + leaf("EnrollmentServiceUrl", enrollment_url)
    if asked.policy == FEDERATED:
        told += leaf("AuthenticationServiceUrl", sign_in_url)
    return tag("DiscoverResponse", tag("DiscoverResult", told), xmlns=DISCOVERY)


def check_policies_request(request: Request) -> None:
    """Invalid unless the body asks for policies."""
    if request.body.name != "GetPolicies":
        raise Invalid("GetPolicies was expected.")


def policies(policy_id: str, *, days: int) -> str:
    """GetPoliciesResponse: RSA-2048 and SHA-256, good for so many days. Of all this clients read the key's length and
    the hash (MS-XCEP 3.1.4.1).
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
    answered = leaf("policyID", policy_id) + _nothing("policyFriendlyName", "nextUpdateHours", "policiesNotChanged")
    answered += tag("policies", tag("policy", policy))
    oid = leaf("value", "2.16.840.1.101.3.4.2.1") + leaf("group", "1") + leaf("oIDReferenceID", "0")
    oids = tag("oIDs", tag("oID", oid + leaf("defaultName", "szOID_NIST_sha256")))
    content = tag("response", answered) + _nothing("cAs") + oids
    return tag("GetPoliciesResponse", content, xmlns=POLICY, xmlns__xsi=_INSTANCE)


def token_request(request: Request) -> TokenRequest:
    """RequestSecurityToken, read. Invalid (target: csr) where the certificate request is not base64."""
    body = request.body
    if body.name != "RequestSecurityToken":
        raise Invalid("RequestSecurityToken was expected.")
    kind = body.text_at("RequestType").rpartition("/")[2]
    if kind.lower() not in ("issue", "renew"):
        raise Invalid(f"The request type '{kind}' is not served; Issue and Renew are.", target="RequestType")
    token = body.find("BinarySecurityToken")
    if token is None:
        raise Invalid("The request carries no certificate request (BinarySecurityToken).", target="csr")
    # Without its line ends PEM would pass for base64 in the URL-safe alphabet.
    if is_pem(token.text):
        raise Invalid("The certificate request is PEM; wanted is the base64 of its DER alone.", target="csr")
    try:
        wanted = binary(token.text)
    except Invalid:
        raise Invalid("The certificate request is not base64.", target="csr") from None
    signed = token.attributes.get("ValueType", "").rpartition("#")[2].lower() == "pkcs7"
    found: dict[str, list[str]] = {}
    context = body.find("AdditionalContext")
    for each in () if context is None else context.all("ContextItem"):
        name = each.attributes.get("Name", "").strip().lower()
        found.setdefault(name, []).append(each.text_at("Value"))
    items = {name: tuple(values) for name, values in found.items()}
    return TokenRequest(renews=kind.lower() == "renew", signed=signed, certificate_request=wanted, items=items)


def token_answer(document: str) -> str:
    """RequestSecurityTokenResponseCollection around the base64 of a provisioning document."""
    packed = leaf(
        "BinarySecurityToken",
        document,
        ValueType=f"{_MANAGER}/DeviceEnrollmentProvisionDoc",
        EncodingType=BASE64_BINARY,
        xmlns=SECURITY,
    )
    answered = leaf("TokenType", f"{_MANAGER}/DeviceEnrollmentToken")
    answered += tag("DispositionMessage", xmlns=ENROLLMENT) + tag("RequestedSecurityToken", packed)
    answered += leaf("RequestID", "0", xmlns=ENROLLMENT)
    inner = tag("RequestSecurityTokenResponse", answered)
    return tag("RequestSecurityTokenResponseCollection", inner, xmlns=_TRUST)


def _nothing(*names: str) -> str:
    return "".join(tag(name, xsi__nil="true") for name in names)
