"""Ready-made sets of rules: the everyday weather of the real service, and chaos.

#: data
"""

from __future__ import annotations

from fauxtune.core.faults.rule import Kind
from fauxtune.core.faults.timing import drawn
from fauxtune.core.model.text import JsonObject


#: The cadence of check-ins and the lag of reports are the service's; the numbers of failures are Unverified.
def realistic(seed: int) -> list[tuple[str, JsonObject]]:
    """Return the rules of the real service on a normal day, each with its name."""
    everyday = {"surface": "graph"}
    return [
        ("Intune's documented limits", {"match": everyday, "effect": {"kind": Kind.THROTTLING}}),
        (
            "Graph's answers take a while",
            {"match": everyday, "effect": {"latency": {"lognormal": {"median": 0.15, "sigma": 0.6}}}},
        ),
        (
            "Graph is unavailable once in a while",
            {
                "match": everyday,
                "when": {"probability": 0.005, "seed": seed},
                "effect": {"status": 503, "retryAfter": 2},
            },
        ),
        (
            "A gateway gives up once in a while, after the request was carried out",
            {
                "match": everyday,
                "when": {"probability": 0.002, "seed": seed + 1},
                "effect": {"status": 504, "carriedOut": True},
            },
        ),
        (
            "Replicas of the directory come after",
            {"match": {**everyday, "path": "/users/*"}, "effect": {"kind": Kind.STALE_READS, "seconds": 1}},
        ),
        (
            "Replicas of the directory come after",
            {"match": {**everyday, "path": "/groups/*"}, "effect": {"kind": Kind.STALE_READS, "seconds": 1}},
        ),
        (
            "Reports come hours later",
            {"match": {**everyday, "path": "/deviceManagement/*"}, "effect": {"kind": Kind.REPORT_LAG, "lag": "PT1H"}},
        ),
    ]


_PALETTE: tuple[tuple[str, JsonObject, JsonObject], ...] = (
    ("throttled", {"surface": "graph"}, {"status": 429, "retryAfter": 1}),
    ("throttled, without Retry-After", {"surface": "graph"}, {"status": 429}),
    ("broken inside", {"surface": "graph"}, {"status": 500}),
    ("a broken gateway", {"surface": "graph"}, {"status": 502}),
    ("unavailable", {"surface": "graph"}, {"status": 503, "retryAfter": 1}),
    ("a gateway gave up", {"surface": "graph"}, {"status": 504, "carriedOut": True}),
    ("the token has expired", {"surface": "graph"}, {"status": 401}),
    ("the connection is reset", {"surface": "graph"}, {"kind": Kind.CONNECTION_RESET}),
    ("the connection ends half-way", {"surface": "graph"}, {"kind": Kind.HALF_BODY}),
    ("an answer without a body", {"surface": "graph"}, {"kind": Kind.EMPTY_ANSWER}),
    ("slow", {"surface": "graph"}, {"latency": {"uniform": [0, 0.5]}}),
    ("no token", {"surface": "identity"}, {"kind": Kind.TOKEN_ERROR, "error": "temporarilyUnavailable"}),
    ("devices are not served", {"surface": "devices"}, {"status": 503, "retryAfter": 1}),
    ("the CA refuses", {}, {"kind": Kind.AUTHORITY_REFUSES}),
    ("a connector is off line", {}, {"kind": Kind.CONNECTOR_OFFLINE}),
    ("devices cannot now", {}, {"kind": Kind.DEVICE_NOT_NOW}),
)


def chaos(seed: int) -> list[tuple[str, JsonObject]]:
    """Return rules that strike at random, as often as the seed says: always the same ones for the same seed."""
    return [
        (
            f"Chaos: {name}",
            {
                "match": dict(match),
                "when": {"probability": round(0.01 + 0.05 * drawn(seed, number), 4), "seed": seed + number},
                "effect": dict(effect),
            },
        )
        for number, (name, match, effect) in enumerate(_PALETTE)
    ]


SETS = {"realistic": realistic, "chaos": chaos}
