"""The control surface's bodies, in: what a caller may say.

What comes out is in `answers`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, StringConstraints

from fauxtune.core.chance import LARGEST_NUMBER
from fauxtune.core.clock import ClockMode, from_iso
from fauxtune.core.model.tenants import Edition, KeyOrigin
from fauxtune.core.model.text import STORABLE, Json, JsonObject, Text
from fauxtune.operations.devices.enrollment import TOKEN_SECONDS, TOKEN_USES
from fauxtune.surfaces.control.bodies import Body

#: Seconds that `settle` waits unless told otherwise, and at most.
PATIENCE, LONGEST_PATIENCE = 30.0, 600.0


def _moment(value: object) -> datetime:
    try:
        if not isinstance(value, str):
            raise ValueError
        return from_iso(value)
    except (ValueError, OverflowError):
        raise ValueError("an ISO 8601 time is expected, such as 2026-11-24T10:00:00Z") from None


StrictText = Annotated[StrictStr, STORABLE]
#: An ISO 8601 time; without an offset it is UTC.
Moment = Annotated[datetime, BeforeValidator(_moment), Field(examples=["2026-11-24T10:00:00Z"])]


class NewTenant(Body):
    """A new tenant. It gets a name and a domain of its own unless they are given."""

    seed: Text | JsonObject | None = Field(
        default=None, description='"contoso" (the default), "none" (nobody in it), or a seed document'
    )
    name: Text | None = None
    domain: Text | None = None
    edition: Edition | None = Field(
        default=None,
        description="which state of Microsoft's documentation the tenant behaves like; without it "
        "that of `fauxtune serve --edition`",
    )
    keys: KeyOrigin | None = Field(
        default=None,
        description='"shared" makes a test tenant: its private keys come from a few that all test tenants of this '
        "server share, so that it is made quickly, and they may be exported; without it what the seed says, else "
        '"own": keys that nobody else has',
    )
    deterministic: Annotated[int, Field(strict=True, ge=0, le=LARGEST_NUMBER)] | None = Field(
        default=None,
        description="a number from 0 to 2^63-1 that everything comes from which is chance in other tenants: ids, keys, "
        "serial numbers, salts, tokens. Its clock stands, and its requests are served one after the other. Whoever "
        "knows the number can compute the private keys of the tenant",
    )
    at: Moment | None = Field(default=None, description="of a deterministic tenant: when its clock begins (ISO 8601)")
    tick: Text | None = Field(
        default=None,
        description="of a deterministic tenant: by how much its clock moves with each request of a client or a device "
        "(ISO 8601, such as PT1S)",
    )


class Settings(Body):
    """The settings to change."""

    settings: JsonObject = Field(examples=[{"requireTrustedRoot": False}])


class ProviderState(Body):
    """A state to reach."""

    state: Text = Field(examples=["alice has three encryption certificates, two expired"])
    params: JsonObject = Field(
        default_factory=dict,
        description="the words for the places that stand in braces in the state",
        examples=[{"user": "alice"}],
    )


class SetClock(Body):
    """The mode of the tenant's clock, and its time; without `now` the time stays."""

    mode: ClockMode
    now: Moment | None = None


class Advance(Body):
    """Put the clock forward; with `settle`, wait until all devices have settled, `timeout` seconds at most."""

    by: Text = Field(examples=["P30D"], description="an ISO 8601 duration")
    settle: bool = False
    timeout: float = Field(default=PATIENCE, ge=0, le=LONGEST_PATIENCE)


class Settle(Body):
    """The longest time to wait, in seconds."""

    timeout: float = Field(default=PATIENCE, ge=0, le=LONGEST_PATIENCE)


class NewToken(Body):
    """The user of the devices, the lifetime of the token in seconds, and the number of devices."""

    user_principal_name: Text
    expires_in: int = Field(default=TOKEN_SECONDS, description="seconds")
    uses: int = TOKEN_USES


class ApplicationChange(Body):
    """The members to change; others stay. null removes a secret or certificate."""

    display_name: Text | None = None
    roles: list[Text] | None = Field(default=None, examples=[["User.Read.All", "Group.Read.All"]])
    consented_scopes: list[Text] | None = Field(
        default=None,
        examples=[["User.Read", "DeviceManagementManagedDevices.Read.All"]],
        description="the delegated permissions of Graph that were consented to, which tokens of users may carry; "
        '"*" for every permission',
    )
    secret: Text | None = Field(default=None, repr=False)
    certificate: Text | None = Field(default=None, description="X.509, PEM: client assertions are checked with it")
    redirect_uris: list[Text] | None = Field(
        default=None, description="https addresses to which codes may be sent; loopback addresses are always allowed"
    )
    issuer_keys: dict[Text, JsonObject] | None = Field(
        default=None,
        description="JSON Web Key Sets by issuer: with them tokens are checked that federated identity credentials "
        "accept from an issuer; without them the issuer is asked, if it is on this machine",
    )


class NewApplication(ApplicationChange):
    """An application. Without `roles` it has every permission, without `consentedScopes` everything is consented to;
    without secret and certificate a secret is made.
    """

    client_id: Text | None = Field(default=None, description="a GUID; without it one is made")


class NewIdentityToken(Body):
    """The subject of a token, and who is to accept it."""

    subject: Annotated[str, Field(min_length=1, max_length=600), STORABLE] = Field(
        examples=["system:serviceaccount:default:nightly"]
    )
    audience: Annotated[str, Field(min_length=1, max_length=600), STORABLE] | None = Field(
        default=None, description="default: api://AzureADTokenExchange"
    )
    expires: Text | None = Field(default=None, description="an ISO 8601 duration, such as PT1H, which is the default")
    application: Text | None = Field(
        default=None, description="the client id of an application that accepts the token from now on"
    )


class NewConnector(Body):
    """A further connector."""

    name: Text
    roles: list[Text] = Field(examples=[["pkcs", "imported-pfx"]])
    mode: Text = Field(default="immediate", description="immediate or polling")
    program: Text | None = Field(
        default=None,
        description="certificate-connector; in the edition of 2020 intune-connector or pfx-connector, by the roles",
    )
    location: Literal["server", "process"] = Field(
        default="server",
        description="process: it runs as its own process (fauxtune connector run) and gets a credential",
    )


class ConnectorChange(Body):
    """The members to change; others stay."""

    state: Text | None = Field(default=None, description="online or offline")
    mode: Text | None = Field(default=None, description="immediate or polling")
    roles: list[Text] | None = None
    version: Text | None = Field(
        default=None, description="6.YYMM.x.y; empty: always the newest", examples=["6.2101.13.0"]
    )


class RaRequest(Body):
    """The certificate request (PEM) for the RA key of a connector that is a process of its own."""

    csr: Text | None = None


class NewKey(Body):
    """A key to make, or a private key to import."""

    provider_name: Text = Field(examples=["Microsoft Software Key Storage Provider"])
    key_name: Text
    key_length: int | None = Field(default=None, description="2048 (the default), 3072 or 4096 bits")
    private_key: Text | None = Field(
        default=None, description="PEM, or base64 of an RSAFULLPRIVATEBLOB; without it a key is made", repr=False
    )


class NewCertificate(Body):
    """A request to the CA for a certificate. Without a CSR a key is made and returned in a PFX file."""

    template: Text = Field(examples=["SmimeBoth"])
    user_principal_name: Text | None = None
    subject: Text | None = Field(default=None, examples=["CN=Alice Adams,E=alice@contoso.example"])
    email: Text | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    csr: Text | None = Field(default=None, description="PKCS#10, PEM")
    pfx_password: Text | None = Field(default=None, repr=False)


class Revocation(Body):
    """The reason of a revocation (RFC 5280 5.3.1). `removeFromCRL` releases a certificate that is on hold."""

    reason: Text = Field(default="unspecified", examples=["keyCompromise", "certificateHold", "removeFromCRL"])


class AuthorityChange(Body):
    """Take an authority offline, or bring it back."""

    state: Text = Field(description="available or unavailable")


class TemplateChange(Body):
    """The members of a certificate template to change; others stay, and none may be null. The name cannot change."""

    name: StrictText | None = None
    display_name: StrictText | None = None
    key_type: StrictText | None = Field(default=None, description="RSA or EC")
    minimum_key_size: StrictInt | None = Field(default=None, description="bits")
    key_usage: list[StrictText] | None = Field(default=None, examples=[["digitalSignature", "keyEncipherment"]])
    extended_key_usages: list[StrictText] | None = Field(default=None, examples=[["1.3.6.1.5.5.7.3.4"]])
    exportable: StrictBool | None = Field(default=None, description="the private key may leave the connector")
    subject_in_request: StrictBool | None = Field(default=None, description="the subject comes from the request")
    connector_may_enroll: StrictBool | None = None
    connector_may_revoke: StrictBool | None = None
    validity: StrictText | None = Field(default=None, description="an ISO 8601 duration", examples=["P365D"])

    def document(self) -> dict[str, Any]:
        """Return the members that were sent, by their JSON names."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class NewTemplate(TemplateChange):
    """A new certificate template; members that are left out are as in a usual S/MIME template."""

    name: StrictText


class WhatIf(Body):
    """A request to Graph that would change something; it is not carried out."""

    method: Annotated[str, StringConstraints(max_length=10), STORABLE] = Field(examples=["POST"])
    url: Annotated[str, StringConstraints(max_length=8192), STORABLE] = Field(
        examples=["/deviceManagement/managedDevices/{id}/wipe"],
        description="absolute (with any host) or relative; without a version it is that of beta",
    )
    body: Json = Field(default=None, description="the request's body as JSON; left out: no body")


class PartnerFacts(Body):
    """Facts of a device that another service reports, by name."""

    facts: dict[Text, bool | Text] = Field(examples=[{"partnerReportedThreatState": "highSeverity"}])


class WhatIfTime(Body):
    """A time by which the tenant's clock is not put forward."""

    by: Text = Field(examples=["P30D"], description="an ISO 8601 duration")


class NewMail(Body):
    """A text to send. `encrypt`: for the published certificates of everybody who gets it."""

    sender: Text = Field(alias="from", examples=["alice@contoso.example"])
    to: list[Text] = Field(examples=[["bob@contoso.example"]])
    cc: list[Text] = Field(default=[])
    subject: Text = ""
    text: Text = ""
    encrypt: bool = False


class NewPublication(Body):
    """A certificate for an address of the address book: as PEM, or the thumbprint of one that the tenant knows."""

    address: Text = Field(examples=["alice@contoso.example"])
    certificate: Text | None = Field(default=None, description="X.509, PEM")
    thumbprint: Text | None = Field(default=None, description="SHA-1, hex")


class NewSnapshot(Body):
    """A snapshot to create."""

    name: StrictText = Field(
        description="1 to 64 letters, digits, spaces, dots, hyphens and underscores", examples=["before the wipe"]
    )
