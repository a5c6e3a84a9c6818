"""The pages on labs and on provider states, for people: their tables are made from the data itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files

from fauxtune.core.model.words.provider_states import PLACES, SENTENCES
from fauxtune_docs.pages.removal import markdown_table
from fauxtune_labs.core.reading import skeleton
from fauxtune_labs.core.verbs import CHECKS, DEEDS, FILES, Member, Verb

_HEAD = """# Labs

This page is generated (`make openapi` writes it): do not edit it.

A *lab* teaches one idea in 5 to 12 minutes: predict, act, observe, prove it with another program, and answer a last
question. It checks itself: it looks at the tenant, and says what it looked at, what it saw, and what it expected.

```bash
fauxtune lab list
fauxtune lab start one-key-per-device        # the tenant begins again
fauxtune lab answer one-key-per-device 2     # predict
fauxtune lab show one-key-per-device         # each step as a command, a page of the console, and requests
fauxtune lab check one-key-per-device
fauxtune lab hint one-key-per-device 1       # three for each step
fauxtune lab files one-key-per-device --out files && cd files && openssl ...
fauxtune lab answer one-key-per-device 3 --quiz
```

With `--lang it` a lab is in Italian; the console takes the language that the browser prefers.

The page *Labs* of the console has the same, and `/_fauxtune/v1/tenants/{tenant}/labs` too (`openapi/control.json`).

* A start gives the tenant its first state, then that of the lab, in a second or two. Users, devices, profiles that were
  there are lost; snapshots stay, and so does what was done in other labs. Other tenants notice nothing.
* `fauxtune lab reset NAME` gives the tenant the state of the start, whatever became of it: deleted profiles, a clock
  that was put back, steps in the wrong order. What was answered stays answered.
* A step that has passed stays passed, although the next one may undo what it reached. A lab is done when the first
  question is answered, every step has passed, and the last question is answered rightly.
* `fauxtune lab solve NAME` does it; `--wrong 1` goes a wrong way that the lab knows.
* Checks read what the service knows: what devices have confirmed, the register of the CA, the recipients of mail, the
  journal. Proofs need not trust that: they are lines of openssl over files with real keys.
* What was done in a lab is part of the tenant's state: of its snapshots, its export and its reset.

## Writing one

```bash
fauxtune lab new lost-phone               # labs/lost-phone/lab.toml: right already, and it can be played
fauxtune lab lint labs                    # every mistake with its line, and the words that are nearest
fauxtune serve --labs labs                # the server has them beside its own; it reads a changed file at once
fauxtune lab test lost-phone              # every wrong answer, wrong way, solution, check, proof, hint and reset
```

A translation lies beside the lab, `it.po`, in the format of gettext: the English text is its key. `fauxtune lab
translate labs` writes it, with empty translations to fill in, and brings it up to date; `lab lint` names texts that it
lacks, and those that the lab does not say any more. Until then they are English.

`lab test` plays in a tenant of its own and deletes it. It runs the proofs of the lab file in a shell: test files
that you know. A lab of yours with the name of one of ours is played in its place.

A lab that is not the same in both editions says `edition = "current"` or `edition = "2020-04"` below its title: it
cannot be started in a tenant of the other edition. `lab test --edition 2020-04` plays in that edition, and names such
labs. One that practises for an exam says which `objective` of it, in a line of text: lists and pages show it.

Bounds: 64 KiB a file, 8 steps, 24 deeds or checks in a row, 2 to 5 choices, 3 hints a step, 16 PFX files of 16 KiB. The
password of each PFX file is `fauxtune`.

The skeleton says what goes where:

```toml
"""

_WORDS = """\
## Deeds

`do = "..."` in `prepare`, in the `do` of a step, and in that of a wrong way. A deed is carried out by the requests that
students are shown; devices that are on line have settled before the next one. Those that look stand in `look` too."""

_CHECKS = """\
## Checks

`check = "..."` in the `check` of a step. With `is = false` the contrary is expected."""


_EXAM = """\
## By objective

Labs for people who practise for Microsoft's exam MD-102 without a tenant, by what they practise."""

_NOT_EMULATED = """\
What cannot be practised here, by the skill areas of the exam (`docs/coverage.md` names each path of Graph):"""

#: data. Skill areas of MD-102 -> what of them is not emulated.
_LEFT_OUT = (
    (
        "Prepare infrastructure for devices",
        """\
Roles of Intune are kept and restrict nobody. Nobody is refused a sign-in by conditional access. Apple's programmes and
managed Google Play are not connected.""",
    ),
    (
        "Manage and maintain devices",
        """\
Operating systems are not updated: an update ring is delivered as settings, and no PC installs an update. Scripts are
not executed: you say how they end. Of Autopilot there are the import, profiles, their assignment and the enrolment.
There are no Cloud PCs, and devices have no telemetry.""",
    ),
    (
        "Manage applications",
        """\
Apps are kept, assigned and installed by simulated devices; nothing runs. No app reads a protection policy. There is no
Exchange and no Teams.""",
    ),
    (
        "Protect devices",
        "Policies reach devices as settings. No device finds malware.",
    ),
)


def _left_out() -> list[tuple[str, str]]:
    return [(area, " ".join(text.splitlines())) for area, text in _LEFT_OUT]


def _objectives() -> str:
    """Return the labs by their objectives, as a table."""
    texts = files("fauxtune_labs").joinpath("texts")
    labs: dict[str, list[str]] = {}
    for name in texts.joinpath("order.txt").read_text(encoding="utf-8").split():
        lab = tomllib.loads(texts.joinpath(name, "lab.toml").read_text(encoding="utf-8"))
        if "objective" in lab:
            labs.setdefault(lab["objective"], []).append(f"`{name}`: {lab['title']}, {lab['minutes']} minutes")
    rows = [(objective, "<br>".join(labs[objective])) for objective in sorted(labs)]
    return markdown_table(("objective", "labs"), rows)


def labs_page() -> str:
    """Return the page."""
    head, writing = _HEAD.split("## Writing one", 1)
    parts = (
        head.rstrip(),
        f"{_EXAM}\n\n{_objectives()}",
        f"{_NOT_EMULATED}\n\n{markdown_table(('skill area', 'not emulated'), _left_out())}",
        f"## Writing one{writing}{skeleton()}```",
        f"{_WORDS}\n\n{_table(DEEDS)}",
        f"{_CHECKS}\n\n{_table(CHECKS)}",
        f'## Files\n\n`file = "..."` in the `files` of a proof.\n\n{_table(FILES)}',
    )
    return "\n\n".join(parts) + "\n"


def _table(verbs: Iterable[Verb]) -> str:
    rows = [(f"`{verb.name}`", verb.meaning, "<br>".join(map(_member, verb.members)) or "-") for verb in verbs]
    return markdown_table(("word", "meaning", "members"), rows)


def _member(member: Member) -> str:
    choices = f" ({', '.join(member.choices)})" if member.choices else ""
    return f"`{member.name}`{'?' if member.optional else ''} {member.meaning}{choices}"


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
