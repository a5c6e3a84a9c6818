"""The pages on faults and on diagnosis, made from the table of effects, the rules and the links themselves.

The same rules always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from fauxtune.core.engine.diagnosis.app_rules import APP_LINKS
from fauxtune.core.engine.diagnosis.chain import LINKS
from fauxtune.core.engine.diagnosis.numbers import APPLE, SYNCML
from fauxtune.core.engine.diagnosis.rules import rules
from fauxtune.core.faults.effects import SURFACES, Room, effects, token_errors
from fauxtune.core.faults.reading import MOST_RULES
from fauxtune.core.faults.rule import Kind, Limits
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.throttling import LIMITS
from fauxtune.core.faults.writing import effect_in_words, match_in_words, when_in_words
from fauxtune.operations.insight.diagnosis import CONNECTOR_WORDS
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
  `lag` on the tenant's. Who was told to wait, which tokens have ended, and what reads have shown, is forgotten by a
  restart.
* Paths of Windows devices that name no tenant (`/EnrollmentServer/...`) are not struck."""

_MATCH = (
    (
        "surface",
        (
            f"{', '.join(f'`{surface}`' for surface in SURFACES)} (`devices` is all platforms, `graph/batch` the "
            "items of batches)"
        ),
    ),
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
1,000 callers who were told to wait, or tokens that have ended."""


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
        '`retryAfter` an answer has no Retry-After; with `"retryAfterAs": "date"` it is an HTTP date, rounded up to a '
        "second."
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
    for name, make in SETS.items():
        yield f"### {name}"
        rows = [
            (
                title,
                match_in_words(document.get("match", {})),
                when_in_words(document.get("when", {})),
                effect_in_words(document["effect"]),
            )
            for title, document in make(1)
        ]
        yield markdown_table(("fault", "what", "which", "effect"), rows)


HEAD = """# What can be wrong

This page is generated (`make openapi` writes it): do not edit it. Whoever wants it as data asks the code:
`fauxtune.core.engine.diagnosis.rules`.

```
fauxtune diagnose --user alice                                 everything about a user
fauxtune diagnose --device "Alice's phone" --profile Signing   why one profile is not on one device
fauxtune diagnose --device PC-1 --app "7-Zip"                  why an app is not on a device
fauxtune history --user alice                                  all certificates, and what is wrong with them
```

The same at the control surface, as JSON: `GET /_fauxtune/v1/tenants/{tenant}/diagnose?user=&device=&profile=&app=` (one
of them is enough) and `GET /_fauxtune/v1/tenants/{tenant}/users/{user}/certificates`. `fauxtune diagnose` ends
with 0 where there is no error (also where there are warnings, or where something is waited for), and with 1 where a
link is broken or a finding is an error. `fauxtune history` ends with 0 whatever it finds. Looking changes nothing.

Everything is judged as the next check-in of a device would find it. A fault has one code; what follows from it has none
of its own."""
CHAIN = """## The chain

The way of one profile to one device. Each link is `ok`, `broken`, `notApplicable` (the device takes no profiles
of this kind: nothing of it will come) or `waiting`: for time, for a connector, or for the device. The chain has the
status of its worst link. Links that a kind of profile does not have are left out. A warning does not break a link: it
stays `ok` in JSON, with the warning's code beside it, and the text shows it as `warning`."""
APPS = """## The chain of an app

Where the question names an app, the way of that app to one device. Otherwise what is wrong with the apps that reach a
device stands among the findings, as warnings."""
CODES = """## The codes"""
NUMBERS = """## Numbers of devices and connectors

Graph's `errorCode` is a signed 32-bit number: 0x87D10000 joined with the number of the faulty part. A finding that
has an `errorCode` in its evidence has it in words beside it."""
UNSEEN = """## What is not looked at

An imported certificate of an authority that is not the tenant's own is known once a connector has opened its file,
which it does for the first device. Until then its key usage, extended key usages and addresses are null, no rule judges
them, and its validity is what the import said. Whether its authority has revoked it is not asked. Intune itself checks
none of this; the rules here are what the documents named ask for."""


def diagnosis_page() -> str:
    """The page, in Markdown."""
    links = {code: link.name for link in (*LINKS, *APP_LINKS) for code in link.codes}
    codes = [
        (f"`{rule.code}`", rule.severity.value, links[rule.code], rule.meaning, rule.fix, rule.source)
        for rule in rules()
    ]
    chain = [
        (
            f"`{link.name}`",
            ", ".join(sorted(link.sources)) or "all",
            ", ".join(f"`{code}`" for code in sorted(link.codes)) or "-",
        )
        for link in LINKS
    ]
    apps = [(f"`{link.name}`", ", ".join(f"`{code}`" for code in sorted(link.codes)) or "-") for link in APP_LINKS]
    parts = (
        HEAD,
        CHAIN,
        _table(("link", "profiles", "broken by"), chain),
        APPS,
        _table(("link", "broken by"), apps),
        CODES,
        _table(("code", "severity", "link", "means", "fix", "document"), codes),
        NUMBERS,
        _table(("number", "whose", "means"), _numbers_of_diagnosis()),
        UNSEEN,
    )
    return "\n\n".join(parts) + "\n"


def _numbers_of_diagnosis() -> list[tuple[str, ...]]:
    connector = [(f"0x{code & 0xFFFFFFFF:08X}", "the connector", words) for code, words in CONNECTOR_WORDS.items()]
    syncml = [(f"0x{0x87D10000 | status:08X}", f"OMA-DM {status}", words) for status, words in SYNCML.items()]
    apple = [(f"0x{0x87D10000 | (code + 10000):08X}", f"Apple {code}", words) for code, words in APPLE.items()]
    return [*connector, *syncml, *apple]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
