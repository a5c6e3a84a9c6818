"""The page on faults for people: made from the table of effects itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fauxtune.core.faults.effects import LIMITS, SURFACES, Room, effects, token_errors
from fauxtune.core.faults.reading import MOST_RULES
from fauxtune.core.faults.rule import Kind, Limits
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.writing import effect_in_words, match_in_words, when_in_words
from fauxtune_docs.pages.removal import markdown_table

_HEAD = """# Faults

This page is generated (`make openapi` writes it): do not edit it.

A *fault* is a rule of one tenant by which something goes wrong on purpose: on which occasions, which of them, and
how. The rest of the tenant, and all other tenants, go on as usual.

```bash
fauxtune fault add --status 429 --retry-after 7 --punish-early --path /users --nth 2
fauxtune fault add --realistic
fauxtune fault list
fauxtune fault clear
```

```http
POST /_fauxtune/v1/tenants/contoso/faults

{
  "match": {"surface": "graph", "method": "GET", "path": "/deviceManagement/managedDevices"},
  "when": {"nth": 2},
  "effect": {"status": 429, "retryAfter": 7, "punishEarly": true}
}
```

`GET` lists them with what they did: `matched` (occasions that the rule looked at), `hits` (those that it struck),
`fired`, `nearest` (of one that has looked at nothing, the request that came nearest, and what differs), and
`warnings` if it can never strike. `PATCH .../faults/{id}` changes one or switches it off (`{"enabled":
false}`), `DELETE` deletes one or all, `POST .../faults/sets {"set": "chaos", "seed": 7}` adds a ready-made set. The
console has a page for it. Rules and counters outlive a restart.

* An answer that a fault has touched has the header `X-Fauxtune-Fault` with the id of the rule; an item of a batch
  has it among its own headers. Each hit is in the journal (`faultHit`) and beside the request in the window on the
  wire.
* Rules are tried in their order. The first one that ends a request decides, and those behind it do not count it;
  latencies before it are waited for.
* Of a `$batch` the items are looked at, each for itself, and not the request around them.
* The control surface and the console are never struck, nor are requests that the console sends for an
  administrator.
* `Retry-After`, latencies, `seconds` and the windows of throttling run on the computer's clock; `when.window` and
  `lag` on the tenant's. Who was told to wait, and what reads have shown, is forgotten by a restart.
* Paths of Windows devices that name no tenant (`/EnrollmentServer/...`) are not struck."""

_MATCH = (
    ("surface", f"{', '.join(f'`{surface}`' for surface in SURFACES)} (`devices` is all platforms)"),
    ("method", "`GET`, `POST` ..."),
    (
        "path",
        "Graph's without version; `{id}` is any one part, `/*` at the end everything below; `*` elsewhere is refused",
    ),
    (
        "operation",
        "an operation id of `openapi/graph.json`, such as `beta_get_deviceManagement_managedDevices`",
    ),
    (
        "device",
        (
            "the id of an enrolment or of a managedDevice, or the name of the device: that sends the request, or that "
            "Graph's path names"
        ),
    ),
    (
        "user",
        (
            "an id or a user principal name: that sends the request, that Graph's path names, or that the device "
            "belongs to"
        ),
    ),
    ("application", "a client id"),
    ("connector", "an id or a name"),
)
_WINDOW = '`{"window": {"from": "2027-01-31T00:00:00Z", "to": "2027-02-01T00:00:00Z"}}`'
_WHEN = (
    ("nothing", "each one"),
    ('`{"nth": 2}`', "the second one"),
    ('`{"next": 3}`', "the first three"),
    ('`{"every": 5}`', "the fifth, the tenth ..."),
    ('`{"probability": 0.2, "seed": 7}`', "one in five, by chance: the same ones for the same seed"),
    (
        _WINDOW,
        "those of this time of the tenant, alone or together with one of the others; others do not count",
    ),
)

_BOUNDS = f"""## Bounds

A tenant has at most {MOST_RULES} faults of 4,096 characters each. A rule remembers 4 MiB of what reads have shown, and
1,000 callers who were told to wait."""


def faults_page() -> str:
    """Return the page."""
    parts = (_HEAD, *_occasions(), *_effects(), *_token_errors(), *_limits(), *_sets(), _BOUNDS)
    return "\n\n".join(parts) + "\n"


def _occasions() -> Iterator[str]:
    yield "## match: on which occasions"
    yield (
        "Every member that is given must fit; without any, everything fits. Upper and lower case do not matter. Which "
        "members have a meaning depends on the effect; the answer has a warning for one that has none."
    )
    yield markdown_table(("member", "fits"), [(f"`{name}`", words) for name, words in _MATCH])
    yield "## when: which of them"
    yield markdown_table(("member", "strikes"), _WHEN)


def _effects() -> Iterator[str]:
    yield "## effect: what happens"
    for room in Room:
        yield f"### On {room.value}"
        rows = [
            (
                f"`{json.dumps(described.example)}`",
                described.meaning,
                ", ".join(f"`{name}`" for name in described.members) or "-",
                ", ".join(f"`{name}`" for name, _ in _MATCH if name in described.match),
                described.source,
            )
            for described in effects().values()
            if described.room is room
        ]
        yield markdown_table(("example", "what happens", "members", "match", "source"), rows)
    yield (
        '`latency` is a number of seconds, `{"uniform": [shortest, longest]}` or '
        '`{"lognormal": {"median": seconds, "sigma": number}}`; it can stand beside other effects of requests. Without '
        "`retryAfter` an answer has no Retry-After."
    )


def _token_errors() -> Iterator[str]:
    yield f"## Errors of `{Kind.TOKEN_ERROR}`"
    rows = [
        (f"`{name}`", str(status), f"`{word}`", f"AADSTS{number}: {sentence}")
        for name, (word, number, status, sentence) in token_errors().items()
    ]
    yield markdown_table(("error", "status", "error of RFC 6749", "text"), rows)


def _limits() -> Iterator[str]:
    yield f"## Limits of `{Kind.THROTTLING}`"
    yield (
        f"Requests in {LIMITS[0][1].seconds} seconds, as Graph documents them (subject to change): "
        f"{effects()[Kind.THROTTLING].source}. Other parts of Graph are not limited, unless the effect has `limits`: "
        '`{"application": 5, "tenant": 10, "applicationWrites": 1, "tenantWrites": 2, "seconds": 2}`.'
    )
    rows = [(f"`{path}`", *_numbers(limits)) for path, limits in LIMITS]
    head = ("path", "of an application", "of the tenant", "writes of an application", "writes of the tenant")
    yield markdown_table(head, rows)


def _numbers(limits: Limits) -> tuple[str, ...]:
    numbers = (limits.application, limits.tenant, limits.application_writes, limits.tenant_writes)
    return tuple("-" if number is None else f"{number:,}" for number in numbers)


def _sets() -> Iterator[str]:
    yield "## Ready-made sets"
    for name, rules in SETS.items():
        yield f"### {name}"
        rows = [
            (
                title,
                match_in_words(document.get("match", {})),
                when_in_words(document.get("when", {})),
                effect_in_words(document["effect"]),
            )
            for title, document in rules(1)
        ]
        yield markdown_table(("fault", "what", "which", "effect"), rows)
