"""The sentences of provider states, as a page for people: made from the data itself."""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.model.words.provider_states import PLACES, SENTENCES
from fauxtune_docs.pages.removal import markdown_table

HEAD = """# Provider states

This page is generated (`make openapi` writes it): do not edit it. The same as data:
`GET /_fauxtune/v1/tenants/{tenant}/states`.

A *provider state* is a sentence that says what a tenant is like: "alice has three encryption certificates, two
expired". The emulator brings the tenant into it. Tests begin with such a sentence
(`@pytest.mark.fauxtune(state="...")`), contracts of Pact name them in `given(...)`, and lessons start from them: the
page *States* of the console has a form for each.

```bash
fauxtune state list --area certificates
fauxtune state set "alice has three encryption certificates, two expired"
```

```http
PUT /_fauxtune/v1/tenants/contoso/states

{"state": "{user} has an enrolled {device}", "params": {"user": "alice", "device": "iPhone"}}
```

* A state that is reached already changes nothing (`"changed": false`), so a sentence can be said twice.
* Several sentences, one after the other, give what a person expects: each keeps what the ones before it have made,
  as far as it does not say otherwise. "alice has an enrolled iPhone", "imported certificates are assigned to All
  Staff", "alice's iPhone is lost", "alice has an encryption certificate": then a certificate waits for a lost iPhone.
* Who or what a sentence speaks of is created if it is not there. The answer's `values` have the ids: `userId`,
  `groupId`, `managedDeviceId`, `profileId`, `thumbprint`.
* Upper and lower case do not matter, nor do spaces, "a" or "an", "is" or "are", one or several. A place stands in
  braces; the words for it stand in the sentence, or in `params`. For a sentence that is not known the nearest three are
  named.
* Devices are simulated ones, which a process beside the server holds: they have real keys, check in over their own
  wire, and are called "alice's iPhone", "alice's iPhone 2". The process starts at the first need and ends with the
  server. Without `--ephemeral` its devices are kept in folders below the data folder (`devices`) and are connected
  again by the next start, if the server has the same address then. With `--ephemeral` they are in memory only.
  `fauxtune device add --user alice --platform ios` adds one (`POST .../hosted-devices`), and so does the console; what
  their owners do is on their pages there (`PATCH .../hosted-devices/{name}`).
* An answer comes when the devices of the tenant have carried out what was changed, 20 seconds later at most."""
_PLACES = """## Places"""


def provider_states_page() -> str:
    """Return the page."""
    return "\n\n".join((HEAD, *_areas(), _PLACES, _places())) + "\n"


def _areas() -> Iterator[str]:
    for area in dict.fromkeys(sentence.area for sentence in SENTENCES):
        rows = [
            (
                "<br>".join(f"`{text}`" for text in (sentence.text, *sentence.also)),
                sentence.example,
                sentence.meaning,
            )
            for sentence in SENTENCES
            if sentence.area == area
        ]
        yield f"## {area.capitalize()}"
        yield markdown_table(("sentence", "example", "what is true then"), rows)


def _places() -> str:
    return markdown_table(
        ("place", "example", "words that fit"),
        [(f"`{{{name}}}`", place.example, place.meaning) for name, place in PLACES.items()],
    )
