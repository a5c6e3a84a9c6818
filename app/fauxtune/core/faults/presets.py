"""Faults that people choose from a list: each with its words, what it looks at, and what it does.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fauxtune.core.faults.rule import Kind
from fauxtune.core.model.text import JsonObject

_GRAPH: JsonObject = {"surface": "graph"}


@dataclass(frozen=True, slots=True)
class Preset:
    """A fault to choose."""

    title: str
    effect: JsonObject
    match: JsonObject = field(default_factory=dict)


#: By the name in forms, in groups with their titles.
PRESETS: dict[str, dict[str, Preset]] = {
    "Requests to Graph": {
        "throttled": Preset(
            "429: too many requests, with Retry-After; who comes back too early fails again",
            {"status": 429, "retryAfter": 5, "punishEarly": True},
            _GRAPH,
        ),
        "throttled-silently": Preset("429: too many requests, without Retry-After", {"status": 429}, _GRAPH),
        "throttled-date": Preset(
            "429: too many requests, with Retry-After as a date",
            {"status": 429, "retryAfter": 5, "retryAfterAs": "date"},
            _GRAPH,
        ),
        "throttled-item": Preset(
            "429: only requests inside a batch", {"status": 429, "retryAfter": 1}, {"surface": "graph/batch"}
        ),
        "limits": Preset("429 over the documented limits of Intune", {"kind": Kind.THROTTLING}, _GRAPH),
        "unavailable": Preset("503: service unavailable", {"status": 503, "retryAfter": 5}, _GRAPH),
        "broken": Preset("500: internal server error", {"status": 500}, _GRAPH),
        "bad-gateway": Preset("502: bad gateway", {"status": 502}, _GRAPH),
        "gateway": Preset(
            "504: gateway timeout, after the request was carried out", {"status": 504, "carriedOut": True}, _GRAPH
        ),
        "expired": Preset("401: the access token has expired", {"status": 401}, _GRAPH),
        "approval": Preset(
            "403: Multi Admin Approval is required", {"status": 403}, {**_GRAPH, "path": "/deviceManagement/*"}
        ),
        "missing": Preset("404: not found", {"status": 404}, _GRAPH),
        "precondition": Preset("412: precondition failed", {"status": 412}, _GRAPH),
        "slow": Preset("Slow: 2 seconds", {"latency": 2}, _GRAPH),
        "jump": Preset(
            "The tenant's clock jumps forward by a day, once", {"kind": Kind.CLOCK_JUMP, "by": "P1D"}, _GRAPH
        ),
        "reset": Preset("The connection is reset", {"kind": Kind.CONNECTION_RESET}, _GRAPH),
        "half": Preset("The connection ends half-way through the answer", {"kind": Kind.HALF_BODY}, _GRAPH),
        "empty": Preset("An answer without a body", {"kind": Kind.EMPTY_ANSWER}, _GRAPH),
        "ignored": Preset("A write is accepted and ignored", {"kind": Kind.ACCEPTED_BUT_IGNORED}, _GRAPH),
        "stale": Preset("A change is seen after two more reads", {"kind": Kind.STALE_READS, "reads": 2}, _GRAPH),
        "replicas": Preset(
            "Three replicas: a change is seen, then not, then seen again",
            {"kind": Kind.REPLICAS, "lags": [0, 3, 5]},
            _GRAPH,
        ),
        "lag": Preset("Reports come six hours later", {"kind": Kind.REPORT_LAG, "lag": "PT6H"}, _GRAPH),
    },
    "Pages of Graph": {
        "small-pages": Preset("Pages have one element", {"kind": Kind.SMALL_PAGES, "size": 1}, _GRAPH),
        "order": Preset("Collections come the other way round", {"kind": Kind.ANOTHER_ORDER}, _GRAPH),
        "link": Preset("The link to the next page has expired", {"kind": Kind.EXPIRED_NEXT_LINK}, _GRAPH),
        "repeats": Preset("A delta query repeats a change", {"kind": Kind.REPEATED_CHANGES}, _GRAPH),
    },
    "Tokens": {
        "ends": Preset("The access token ends early; a new one is good", {"kind": Kind.TOKEN_ENDS}, _GRAPH),
        "secret": Preset("The client secret has expired", {"kind": Kind.TOKEN_ERROR, "error": "secretExpired"}),
        "token": Preset(
            "The token endpoint is unavailable", {"kind": Kind.TOKEN_ERROR, "error": "temporarilyUnavailable"}
        ),
        "blocked": Preset("Blocked by Conditional Access", {"kind": Kind.TOKEN_ERROR, "error": "conditionalAccess"}),
    },
    "Connectors and the CA": {
        "firewall": Preset(
            "A firewall blocks Intune's hosts, for connectors and devices alike",
            {"kind": Kind.NETWORK_BLOCKED, "hosts": ["manage.microsoft.com", "*.manage.microsoft.com"]},
        ),
        "offline": Preset("The connector is off line", {"kind": Kind.CONNECTOR_OFFLINE}),
        "key": Preset("The connector has no key for imported certificates", {"kind": Kind.CONNECTOR_KEY_MISSING}),
        "template": Preset("The certificate template is gone", {"kind": Kind.TEMPLATE_GONE}),
        "refuses": Preset("The CA refuses to issue", {"kind": Kind.AUTHORITY_REFUSES}),
        "reissue": Preset("A revoked certificate is given again", {"kind": Kind.STALE_REVOKED_REISSUE}),
        "crl": Preset("The CRL cannot be reached", {"kind": Kind.CRL_UNREACHABLE}),
        "crl-expired": Preset("The CRL has expired", {"kind": Kind.CRL_EXPIRED}),
    },
    "Devices": {
        "not-now": Preset("An Apple device answers NotNow", {"kind": Kind.DEVICE_NOT_NOW}),
        "cipher": Preset("A device does not know the cipher of a PFX file", {"kind": Kind.DEVICE_REFUSES_CIPHER}),
        "devices": Preset("503: devices are not served", {"status": 503, "retryAfter": 5}, {"surface": "devices"}),
    },
}


def preset(name: str) -> Preset | None:
    """Return the fault with this name; None for an unknown one."""
    return next((group[name] for group in PRESETS.values() if name in group), None)
