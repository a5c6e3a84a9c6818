"""Why a certificate is missing: the chain from a profile to a device, link by link, and where the break is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.engine.diagnosis import chain as chains
from fauxtune.core.engine.diagnosis.chain import LinkStatus
from fauxtune.core.engine.diagnosis.facts import name_of
from fauxtune.core.engine.diagnosis.findings import Finding
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.operations.insight import diagnosis
from fauxtune.surfaces.console.call import TenantCall
from fauxtune.surfaces.console.holdings import VARIANTS

#: data. The names of the links, in words.
LINKS: dict[str, str] = {
    "enrollment": "The device is enrolled",
    "import": "A certificate was imported",
    "connectorKey": "A connector has the key",
    "profile": "The profile can give it",
    "purpose": "It is fit for its purpose",
    "address": "It has the person's address",
    "validity": "It is valid",
    "licence": "The person has a licence",
    "assignment": "The profile is assigned",
    "filter": "No filter keeps it away",
    "platform": "The profile is for this platform",
    "edition": "This edition of Intune has it",
    "trustedRoot": "The root is on the device",
    "reference": "What it refers to is there",
    "connector": "A connector works",
    "checkIn": "The device checks in",
    "device": "The device accepts it",
    "installed": "It is installed",
}
#: data. A status -> its class, its sign, its words.
_STATUSES: dict[LinkStatus, tuple[str, str, str]] = {
    LinkStatus.OK: ("good", "✓", "holds"),
    LinkStatus.BROKEN: ("bad", "✗", "broken"),
    LinkStatus.WAITING: ("wait", "…", "waiting"),
    LinkStatus.NOT_APPLICABLE: ("off", "–", "not applicable"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids that a finding is about, for the address of the page on which it is mended."""

    user: str | None
    device: str | None
    profile: str | None


Place = Callable[[TenantCall, Subject], str | None]


def _profile(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile)


def _assign(call: TenantCall, about: Subject) -> str | None:
    return None if about.profile is None else call.url("profiles", about.profile, "assign")


def _user(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user)


def _import(call: TenantCall, about: Subject) -> str | None:
    return None if about.user is None else call.url("users", about.user, "import")


def _device(call: TenantCall, about: Subject) -> str | None:
    return None if about.device is None else call.url("devices", about.device)


def _connectors(call: TenantCall, _about: Subject) -> str | None:
    return call.url("connectors")


def _new_root(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="root")


def _new_imported(call: TenantCall, _about: Subject) -> str | None:
    return call.url("profiles", "new", kind="imported")


#: data. A finding's code -> the words of a button, and the page to which it leads. Others have their fix in words only.
_MENDED: dict[str, tuple[str, Place]] = {
    "not-licensed": ("Give a licence", _user),
    "assigned-to-nobody": ("Assign the profile", _assign),
    "assigned-elsewhere": ("Assign the profile", _assign),
    "excluded": ("Look at the assignments", _assign),
    "nothing-imported": ("Import a certificate", _import),
    "purpose-without-profile": ("Make a profile", _new_imported),
    "key-missing": ("To the connectors' keys", _connectors),
    "key-unnamed": ("To the connectors' keys", _connectors),
    "purpose-key-usage": ("Import another certificate", _import),
    "purpose-extended-usage": ("Import another certificate", _import),
    "expired-without-successor": ("Import a successor", _import),
    "expires-soon": ("Import a successor", _import),
    "gap-in-time": ("Import what is missing", _import),
    "revoked-in-use": ("Import another certificate", _import),
    "encryption-per-device": ("Import one for all devices", _import),
    "root-missing": ("Give the devices the root", _new_root),
    "root-elsewhere": ("Give the devices the root", _new_root),
    "reference-out-of-reach": ("Look at the profile", _profile),
    "role-without-connector": ("To the connectors", _connectors),
    "connector-offline": ("Bring it on line", _connectors),
    "device-silent": ("Ask it to check in", _device),
    "connector-refused": ("Read the connectors' log", _connectors),
    "device-refused": ("Look at the device", _device),
    "profile-impossible": ("Look at the profile", _profile),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """How a finding is mended: in words, and if a page of the console does it, its address with a button's words."""

    words: str
    button: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """One link of a chain as it is shown."""

    name: str
    css: str
    sign: str
    status: str
    message: str
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class ChainView:
    """One chain: from a profile to a device, or only to a person."""

    key: str
    profile: str
    device: str | None
    variant: str | None
    user: str | None
    css: str
    status: str
    links: tuple[LinkView, ...]


async def why(call: TenantCall) -> Response:
    """Show the chains of what the address asks for by `user`, `device` or `profile`, each a name or an id."""
    subjects = {name: call.query(name).strip()[:500] or None for name in ("user", "device", "profile")}
    result, problem = None, None
    if any(subjects.values()):
        try:
            result = await diagnosis.diagnose(call.emulator, call.tenant, **subjects)
        except (Invalid, NotFound) as error:
            problem = error.message
    worst = [LinkStatus.BROKEN, LinkStatus.WAITING, LinkStatus.NOT_APPLICABLE, LinkStatus.OK]
    ordered = [] if result is None else sorted(result.chains, key=lambda chain: worst.index(chain.status))
    chains_ = [_chain(call, chain) for chain in ordered]
    others = [] if result is None else _others(call, result)
    return call.page(
        "why.html", status=404 if problem else 200, subjects=subjects, result=result, problem=problem, chains=chains_,
        others=others,
    )  # fmt: skip


def _chain(call: TenantCall, chain: chains.Chain) -> ChainView:
    subject = chain.subject
    person, device = subject.facts.user, subject.device
    about = Subject(
        None if person is None else person.id, None if device is None else device.id, str(subject.profile.id)
    )
    css, _sign, words = _STATUSES[chain.status]
    return ChainView(
        key=f"{about.profile}-{about.device or about.user}",
        profile=name_of(subject.profile),
        device=None if device is None else device.name,
        variant=None if device is None else VARIANTS[device.variant],
        user=None if person is None else person.name,
        css=css,
        status=words,
        links=tuple(_link(call, link, about=about) for link in chain.links),
    )


def _link(call: TenantCall, link: chains.Link, *, about: Subject) -> LinkView:
    css, sign, words = _STATUSES[link.status]
    fix = _fix(call, link.findings[0], about=about) if link.findings else None
    return LinkView(LINKS[link.name], css, sign, words, diagnosis.explanation(link), fix)


def _fix(call: TenantCall, finding: Finding, *, about: Subject) -> Fix:
    button, place = _MENDED.get(finding.code, (None, None))
    address = None if place is None else place(call, about)
    return Fix(finding.observation.fix, button if address else None, address)


def _others(call: TenantCall, result: diagnosis.Diagnosis) -> list[tuple[Finding, Fix]]:
    """Return the findings that no link of a chain shows, each with its fix."""
    linked = [finding for chain in result.chains for link in chain.links for finding in link.findings[:1]]
    users = {chain.subject.facts.user.id for chain in result.chains if chain.subject.facts.user is not None}
    user = next(iter(users)) if len(users) == 1 else None
    return [
        (finding, _fix(call, finding, about=Subject(user, finding.observation.device, finding.observation.profile)))
        for finding in result.findings
        if finding not in linked
    ]
