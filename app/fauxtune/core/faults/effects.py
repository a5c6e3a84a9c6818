"""The table of effects: where each acts, its members, what it means, and the document or report that it follows.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fauxtune.core.faults.rule import Kind, Limits
from fauxtune.core.model.text import JsonObject


class Room(StrEnum):
    """Where an effect acts."""

    REQUEST = "a request to any surface but the control surface"
    GRAPH = "a request to Graph"
    TOKEN = "a request to the token endpoint"  # noqa: S105 - a word
    CONNECTOR = "a connector's work for a device"
    CRL = "a request for a CRL"
    NETWORK = "what devices and connectors send to Intune"
    DEVICE = "a device's conversation with the server"


@dataclass(frozen=True, slots=True)
class Described:
    """An effect for people: its meaning, an example, and its source. `members`: those that it may have beside `kind`;
    `needs`: those of which it must have one; `match`: the members of a match that can hold for it.
    """

    room: Room
    meaning: str
    example: JsonObject
    source: str
    members: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    match: frozenset[str] = field(default_factory=frozenset)


#: Statuses that a request can be answered with, and the code of Graph's envelope: the directory's, Intune's.
STATUSES: dict[int, tuple[str, str]] = {
    401: ("InvalidAuthenticationToken", "InvalidAuthenticationToken"),
    403: ("ApprovalRequired", "ApprovalRequired"),
    404: ("Request_ResourceNotFound", "ResourceNotFound"),
    412: ("PreconditionFailed", "PreconditionFailed"),
    429: ("TooManyRequests", "TooManyRequests"),
    500: ("InternalServerError", "InternalServerError"),
    502: ("BadGateway", "BadGateway"),
    503: ("ServiceUnavailable", "ServiceUnavailable"),
    504: ("GatewayTimeout", "GatewayTimeout"),
}

#: Errors of the token endpoint: RFC 6749's word, AADSTS's number, the status, and Entra ID's sentence.
TOKEN_ERRORS: dict[str, tuple[str, int, int, str]] = {
    "secretWrong": (
        "invalid_client",
        7000215,
        401,
        (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            "not the client secret ID, for a secret added to app '{application}'."
        ),
    ),
    "secretExpired": (
        "invalid_client",
        7000222,
        401,
        (
            "The provided client secret keys for app '{application}' are expired. Visit the Azure portal to create "
            "new keys for your app."
        ),
    ),
    "applicationUnknown": (
        "unauthorized_client",
        700016,
        400,
        "Application with identifier '{application}' was not found in the directory '{tenant}'.",
    ),
    "applicationDisabled": (
        "unauthorized_client",
        7000112,
        400,
        "Application '{application}' is disabled.",
    ),
    "conditionalAccess": (
        "invalid_grant",
        53003,
        400,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    "throttled": ("temporarily_unavailable", 90055, 429, "The tenant sends too many requests. Try again later."),
    "temporarilyUnavailable": (
        "temporarily_unavailable",
        90033,
        503,
        "A transient error has occurred. Please try again.",
    ),
}

_LIMITS_PAGE = "https://learn.microsoft.com/graph/throttling-limits"
#: Below which path which limits hold; the first that fits. Graph documents the numbers as subject to change.
LIMITS: tuple[tuple[str, Limits], ...] = (
    # "Intune devices service limits": a group of its own, with scripts and what devices have.
    *(
        (f"/deviceManagement/{name}", Limits(2000, 4000, 200, 400, 20))
        for name in (
            "managedDevices",
            "managedDeviceOverview",
            "detectedApps",
            "deviceManagementScripts",
            "deviceHealthScripts",
            "deviceShellScripts",
            "deviceComplianceScripts",
        )
    ),
    ("/deviceManagement", Limits(1000, 2000, 100, 200, 20)),
    ("/deviceAppManagement", Limits(1000, 2000, 100, 200, 20)),
)

_SENDERS = frozenset({"surface", "method", "path", "operation", "device", "user", "application"})
_HOPS = frozenset({"device", "user", "connector"})
_DEVICES = frozenset({"device", "user"})

EFFECTS: dict[Kind, Described] = {
    Kind.STATUS: Described(
        Room.REQUEST,
        "The request fails with this status, in the form of its surface, and is not carried out (unless `carriedOut`). "
        "With `punishEarly`, a client that comes back before `retryAfter` seconds are over fails again.",
        {"status": 429, "retryAfter": 7, "punishEarly": True},
        "https://learn.microsoft.com/graph/errors and https://learn.microsoft.com/graph/throttling",
        members=("status", "retryAfter", "punishEarly", "carriedOut", "latency"),
        match=_SENDERS,
    ),
    Kind.LATENCY: Described(
        Room.REQUEST,
        "The request waits so many seconds of real time before it is carried out.",
        {"latency": {"lognormal": {"median": 0.4, "sigma": 0.6}}},
        "Unverified: the distribution of the real service's times is not published",
        members=("latency",),
        match=_SENDERS,
    ),
    Kind.CONNECTION_RESET: Described(
        Room.REQUEST,
        "The connection is reset before an answer (TCP RST).",
        {"kind": "connectionReset"},
        "RFC 9293 3.5.2",
        members=("carriedOut", "latency"),
        match=_SENDERS,
    ),
    Kind.NETWORK_BLOCKED: Described(
        Room.NETWORK,
        "A firewall lets devices and connectors reach none of these `hosts` of the real service (`*.` in front for all "
        "below): the connections of devices are reset, a connector gets no work and logs that its download failed. "
        "Name a device or a connector to block only that one. What blocks *.push.apple.com or *.wns.windows.com "
        "blocks the push notifications of these platforms.",
        {"kind": "networkBlocked", "hosts": ["manage.microsoft.com", "*.manage.microsoft.com"]},
        "https://learn.microsoft.com/intune/intune-service/fundamentals/intune-endpoints, 2025-06-24: the connector "
        "needs the network of managed devices",
        members=("hosts",),
        needs=("hosts",),
        match=frozenset({"surface", "device", "user", "connector"}),
    ),
    Kind.EMPTY_ANSWER: Described(
        Room.REQUEST,
        "The request is carried out; the answer has its status and headers, and no body.",
        {"kind": "emptyAnswer"},
        "RFC 9112 6.3",
        members=("latency",),
        match=_SENDERS,
    ),
    Kind.HALF_BODY: Described(
        Room.REQUEST,
        "The request is carried out; the connection ends after half of the answer's body.",
        {"kind": "halfBody"},
        "RFC 9112 8: an incomplete message",
        members=("latency",),
        match=_SENDERS,
    ),
    Kind.ACCEPTED_BUT_IGNORED: Described(
        Room.GRAPH,
        "A write is answered as a success and is not carried out.",
        {"kind": "acceptedButIgnored"},
        "https://github.com/microsoft/Intune-Resource-Access/issues/157: DELETE answers 204, and the record stays",
        members=("latency",),
        match=_SENDERS,
    ),
    Kind.STALE_READS: Described(
        Room.GRAPH,
        "After a change by a request to Graph, reads show the state before it: so many more `reads` of each address, "
        "or for so many `seconds` of real time. What was created is not found, what was deleted is still there. That "
        "holds for reads that nobody had asked before the change, too, with any `$select`, `$filter` or `$expand`: "
        "the state before the last four changes (those that no read has seen count as one) is kept for a minute. Each "
        "process of a server keeps its own.",
        {"kind": "staleReads", "reads": 2},
        "https://learn.microsoft.com/entra/architecture/architecture: replicas of the directory are eventually "
        "consistent",
        members=("reads", "seconds"),
        needs=("reads", "seconds"),
        match=_SENDERS,
    ),
    Kind.REPORT_LAG: Described(
        Room.GRAPH,
        "What devices have reported is shown later by `lag` of the tenant's time: the states of devices, profiles and "
        "certificates.",
        {"kind": "reportLag", "lag": "PT6H"},
        "https://learn.microsoft.com/intune/intune-service/fundamentals/reports: reports show data of earlier hours",
        members=("lag",),
        needs=("lag",),
        match=_SENDERS,
    ),
    Kind.THROTTLING: Described(
        Room.GRAPH,
        "Requests over the documented limits of Intune (or over `limits`) fail with 429 until the window of real time "
        "is over.",
        {"kind": "throttling", "limits": {"application": 5, "seconds": 2}},
        _LIMITS_PAGE,
        members=("limits",),
        match=_SENDERS,
    ),
    Kind.TOKEN_ERROR: Described(
        Room.TOKEN,
        f"No token is issued, with Entra ID's error: one of {', '.join(TOKEN_ERRORS)}.",
        {"kind": "tokenError", "error": "secretExpired"},
        "https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
        members=("error", "retryAfter", "latency"),
        needs=("error",),
        match=frozenset({"surface", "method", "path", "application"}),
    ),
    Kind.CONNECTOR_OFFLINE: Described(
        Room.CONNECTOR,
        "The connector takes no request of devices, as if it could not be reached. Graph and the console still show it "
        "on line.",
        {"kind": "connectorOffline"},
        "https://learn.microsoft.com/intune/intune-service/protect/certificate-connector-overview",
        match=_HOPS,
    ),
    Kind.CONNECTOR_KEY_MISSING: Described(
        Room.CONNECTOR,
        "The connector lacks the key of imported certificates. With two connectors any of them may take a request: "
        'name one, and let it take every second one with "every": 2.',
        {"kind": "connectorKeyMissing"},
        "https://learn.microsoft.com/intune/intune-service/protect/certificates-imported-pfx-configure",
        match=_HOPS,
    ),
    Kind.TEMPLATE_GONE: Described(
        Room.CONNECTOR,
        "The CA does not know the certificate template that the profile names.",
        {"kind": "templateGone"},
        "[MS-WCCE] 3.2.2.6.2.1.4: CERTSRV_E_UNSUPPORTED_CERT_TYPE",
        match=_HOPS,
    ),
    Kind.AUTHORITY_REFUSES: Described(
        Room.CONNECTOR,
        "The CA refuses to issue the certificate.",
        {"kind": "authorityRefuses"},
        "[MS-WCCE] 3.2.1.4.2.1: the policy module denies the request",
        match=_HOPS,
    ),
    Kind.CRL_UNREACHABLE: Described(
        Room.CRL,
        "The connection of a request for a CRL is reset.",
        {"kind": "crlUnreachable"},
        "RFC 5280 6.3: the CRL is not available",
        match=frozenset({"path"}),
    ),
    Kind.CRL_EXPIRED: Described(
        Room.CRL,
        "The CRL that is served has ended a week ago.",
        {"kind": "crlExpired"},
        "RFC 5280 5.1.2.5: nextUpdate",
        match=frozenset({"path"}),
    ),
    Kind.DEVICE_NOT_NOW: Described(
        Room.DEVICE,
        "The server goes on as if an Apple device had answered each command with NotNow, as a locked one does; the "
        "commands wait until it comes again.",
        {"kind": "deviceNotNow"},
        "Apple: Commands and queries, NotNow",
        match=_DEVICES,
    ),
    Kind.DEVICE_REFUSES_CIPHER: Described(
        Room.DEVICE,
        "An imported certificate is sent in a PKCS#12 file with a cipher that the device does not know: the device "
        "refuses it, with its own error. It stays failed until it is imported again.",
        {"kind": "deviceRefusesCipher"},
        "RFC 7292 appendix C; Apple: CertificatePKCS12 (iOS before 15.4 calls the password of a file with PBES2 wrong)",
        match=_DEVICES,
    ),
    Kind.STALE_REVOKED_REISSUE: Described(
        Room.CONNECTOR,
        "In place of a new PKCS certificate the device gets the one again that was issued for it before, also if that "
        "is revoked.",
        {"kind": "staleRevokedReissue"},
        "https://github.com/MicrosoftDocs/memdocs/issues/4053, https://github.com/MicrosoftDocs/IntuneDocs/issues/3598",
        match=_HOPS,
    ),
}

#: The surfaces that a match can name.
SURFACES = (
    "graph",
    "identity",
    "pki",
    "ndes",
    "push",
    "connector",
    "devices",
    "devices/android",
    "devices/apple",
    "devices/windows",
    "devices/agent",
)
