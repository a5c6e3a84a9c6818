"""Provider states: the sentences by groups, the form of one with its places, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from fastapi import Response

from fauxtune.core.administration.emulation import reach_state
from fauxtune.core.errors import FauxtuneError, GraphRefused, NotFound
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.words.device_words import REPORTED
from fauxtune.core.model.words.provider_state_words import WHERE_ALL_ARE, fits, places, read
from fauxtune.core.model.words.provider_states import DELIVERIES, DEVICES, ORDINALS, PLACES, SENTENCES, Sentence
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities
from fauxtune.storage.queries.connectors import connector_rows
from fauxtune.storage.queries.insight import groups_and_profiles, overview
from fauxtune_console.call import TenantCall
from fauxtune_console.session import Typed
from fauxtune_console.tasks import reason, task_page
from fauxtune_labs.operations.provider_states import Reached
from fauxtune_labs.operations.provider_states import reach as reach_sentence

#: Names that a field suggests.
_MOST_NAMES = 100
#: data. A place -> the label of its field.
_LABELS = {
    "user": "User",
    "group": "Group",
    "name": "Name",
    "template": "Certificate template",
    "count": "How many",
    "part": "How many of them",
    "nth": "Which request",
    "device": "Device",
    "delivery": "What it refuses",
    "fact": "Fact",
    "value": "Value",
    "time": "Time",
    "date": "Date",
}
#: data. Kinds of devices as people write them.
_SPELLINGS = {
    "iphone": "iPhone",
    "ipad": "iPad",
    "mac": "Mac",
    "pc": "PC",
    "windows pc": "Windows PC",
    "android phone": "Android phone",
    "samsung phone": "Samsung phone",
    "windows phone": "Windows phone",
}
#: data. A place -> all the words that it takes, which the form offers as a choice.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "nth": ORDINALS,
    "delivery": tuple(DELIVERIES),
    "device": tuple(_SPELLINGS.get(word, word) for word in DEVICES),
}
#: data. A value of the answer -> the page that it leads to, and the words of the link.
_LINKS = {
    "userId": ("users", "To the person"),
    "groupId": ("groups", "To the group"),
    "managedDeviceId": ("devices", "To the device"),
    "profileId": ("profiles", "To the profile"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A place of a sentence in the form. `options`: the only words that fit; `suggestions`: some of many."""

    name: str
    label: str
    hint: str
    options: tuple[tuple[str, str], ...]
    suggestions: tuple[str, ...]


async def states(call: TenantCall) -> Response:
    """Show all sentences by groups, and the form that takes one as a person writes it."""
    return _list(call)


async def say(call: TenantCall) -> Response:
    """Bring the tenant into the state of a sentence as it was written."""
    sentence = Typed.of(await call.form()).text("state")
    try:
        reached = await reach_sentence(call.emulator, call.tenant, state=sentence)
    except FauxtuneError as error:
        return _list(call, sentence, error=_why(error))
    return await _reached(call, reached)


async def ask(call: TenantCall) -> Response:
    """Show the form of one sentence, with the words of its example in its places."""
    sentence = _sentence(call)
    words = dict(read(sentence.example).words)
    if "device" in words:
        words["device"] = words["device"].removesuffix("s")
    return await _form(call, sentence, form=Typed({name: [words[name]] for name in places(sentence)}))


async def reach(call: TenantCall) -> Response:
    """Bring the tenant into the state of the sentence with these words in its places."""
    sentence, form = _sentence(call), Typed.of(await call.form())
    params = _params(sentence, form)
    for name, word in params.items():
        if not fits(name, word):
            form.wrong(name, f"This does not fit. Write {PLACES[name].meaning}.")
    if form.errors:
        return await _form(call, sentence, form=form, error="Nothing was changed. Please mend what is marked below.")
    try:
        reached = await reach_sentence(call.emulator, call.tenant, state=sentence.text, params=params)
    except FauxtuneError as error:
        return await _form(call, sentence, form=form, error=_why(error))
    return await _reached(call, reached)


def _list(call: TenantCall, sentence: str = "", *, error: str = "") -> Response:
    return call.page(
        "states.html",
        status=400 if error else 200,
        areas=[(area, list(those)) for area, those in groupby(SENTENCES, key=lambda each: each.area)],
        state=sentence,
        error=error,
    )


async def _form(call: TenantCall, sentence: Sentence, *, form: Typed, error: str = "") -> Response:
    suggestions = await call.read(_suggestions, call, sentence=sentence)
    return task_page(
        call,
        [reach_state(sentence.text, params=_params(sentence, form))],
        template="state.html",
        error=error,
        title="Bring the tenant into a state",
        points=(
            sentence.meaning,
            "What is missing for it is created; nothing changes if the tenant is in this state already.",
            *(("Simulated devices are enrolled as needed, which takes some seconds.",) if sentence.enrolls else ()),
        ),
        button="Bring the tenant into it",
        back=call.url("states"),
        state=sentence,
        form=form,
        fields=[_field(name, suggestions) for name in places(sentence)],
    )


def _field(name: str, suggestions: Mapping[str, tuple[str, ...]]) -> Field:
    options = tuple((choice, choice) for choice in _CHOICES.get(name, ()))
    hint = "" if options else PLACES[name].meaning
    return Field(name, _LABELS[name], hint, options, suggestions.get(name, ()))


def _suggestions(connection: Connection, call: TenantCall, *, sentence: Sentence) -> dict[str, tuple[str, ...]]:
    """Return names that there are, for the places of the sentence."""
    names, tenant_id = places(sentence), call.tenant.id
    result: dict[str, tuple[str, ...]] = {"fact": REPORTED}
    if "user" in names:
        users, _ = overview.people(connection, tenant_id, limit=_MOST_NAMES)
        result["user"] = tuple(str(row.document["userPrincipalName"]).partition("@")[0] for row in users)
    if "group" in names:
        groups, _ = groups_and_profiles.groups_by_name(connection, tenant_id, limit=_MOST_NAMES)
        everybody = ("All users", "All devices") if sentence.area == "profiles" else ()
        result["group"] = (*everybody, *(str(row.document["displayName"]) for row in groups))
    if "template" in names:
        result["template"] = tuple(authorities.template_documents(connection, tenant_id, authority_name="issuing"))
    if sentence.text == "the edition is {name}":
        result["name"] = tuple(edition.value for edition in Edition)
    return result


async def _reached(call: TenantCall, reached: Reached) -> Response:
    """Return the page that says what became of it. The frame shows the tenant as it is now, with its clock."""
    now = replace(
        call,
        tenant=await call.emulator.runner.tenant(call.tenant.id),
        connectors=await call.read(connector_rows, call.tenant.id),
    )
    links = [
        (words, now.url(page, reached.values[name])) for name, (page, words) in _LINKS.items() if name in reached.values
    ]
    return now.page("state_reached.html", reached=reached, links=links)


def _sentence(call: TenantCall) -> Sentence:
    text = call.query("state")
    sentence = next((each for each in SENTENCES if each.text == text), None)
    if sentence is None:
        raise NotFound("There is no such state. The page of states has all of them.")
    return sentence


def _params(sentence: Sentence, form: Typed) -> dict[str, str]:
    return {name: form.text(name) for name in places(sentence)}


def _why(error: FauxtuneError) -> str:
    sentence = reason(error) if isinstance(error, GraphRefused) else error.message
    return sentence.replace(WHERE_ALL_ARE, "All of them stand below.")
