"""Why a certificate is missing: the chain from a profile to a device, link by link, and where the break is mended."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.engine.diagnosis import chain as chains
from fauxtune.core.engine.diagnosis.chain import LinkStatus
from fauxtune.core.engine.diagnosis.facts import name_of
from fauxtune.core.engine.diagnosis.findings import Finding
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.platform_words import VARIANTS
from fauxtune.operations.insight import diagnosis
from fauxtune.surfaces.console.call import TenantCall
from fauxtune.surfaces.console.fixes import Fix, Subject, fix_of

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
    fix = fix_of(call, link.findings[0], about=about) if link.findings else None
    return LinkView(LINKS[link.name], css, sign, words, diagnosis.explanation(link), fix)


def _others(call: TenantCall, result: diagnosis.Diagnosis) -> list[tuple[Finding, Fix]]:
    """Return the findings that no link of a chain shows, each with its fix."""
    linked = [finding for chain in result.chains for link in chain.links for finding in link.findings[:1]]
    users = {chain.subject.facts.user.id for chain in result.chains if chain.subject.facts.user is not None}
    user = next(iter(users)) if len(users) == 1 else None
    return [
        (finding, fix_of(call, finding, about=Subject(user, finding.observation.device, finding.observation.profile)))
        for finding in result.findings
        if finding not in linked
    ]
