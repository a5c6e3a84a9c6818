"""What can be wrong, as a page for people: made from the rules and the links themselves.

The same rules always give the same page, so that it can be kept beside the code and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fauxtune.core.engine.diagnosis.app_links import APP_LINKS
from fauxtune.core.engine.diagnosis.chain import LINKS
from fauxtune.core.engine.diagnosis.numbers import APPLE, SYNCML
from fauxtune.core.engine.diagnosis.rules import rules
from fauxtune.operations.insight.diagnosis import CONNECTOR_WORDS

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
        _table(("number", "whose", "means"), _numbers()),
        UNSEEN,
    )
    return "\n\n".join(parts) + "\n"


def _numbers() -> list[tuple[str, ...]]:
    connector = [(f"0x{code & 0xFFFFFFFF:08X}", "the connector", words) for code, words in CONNECTOR_WORDS.items()]
    syncml = [(f"0x{0x87D10000 | status:08X}", f"OMA-DM {status}", words) for status, words in SYNCML.items()]
    apple = [(f"0x{0x87D10000 | (code + 10000):08X}", f"Apple {code}", words) for code, words in APPLE.items()]
    return [*connector, *syncml, *apple]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
