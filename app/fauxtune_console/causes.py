"""What a diagnosis found, by cause: the broken link, the reason, the fix, and the profiles and devices concerned.

One connector that is off line breaks the way of many profiles to many devices: that is one thing to mend, not many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fauxtune.core.engine.diagnosis import chain as chains
from fauxtune.core.engine.diagnosis.chain import LinkStatus
from fauxtune.core.engine.diagnosis.facts import name_of
from fauxtune.core.engine.diagnosis.findings import Finding, Severity
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.operations.insight import diagnosis
from fauxtune_console.call import TenantCall
from fauxtune_console.fixes import Button, Fix, Subject, fix_of, waiting_fix

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
    "assignment": "It is assigned",
    "filter": "No filter keeps it away",
    "platform": "It is for this platform",
    "edition": "This edition of Intune has it",
    "trustedRoot": "The root is on the device",
    "reference": "What it refers to is there",
    "connector": "A connector works",
    "scepServer": "A SCEP server answers",
    "checkIn": "The device checks in",
    "challenge": "The request is the one that was asked for",
    "app": "The app can be installed",
    "requirements": "The device is as the app needs it",
    "dependency": "What it depends on is there",
    "supersedence": "No other app takes its place",
    "told": "The device was told",
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


@dataclass(frozen=True, slots=True)
class ChainView:
    """One chain: from a profile to a device, or only to a person. `is_there`: all that the profile gives is installed;
    `css` and `state`: how that stands.
    """

    key: str
    profile: str
    device: str | None
    variant: str | None
    user: str | None
    css: str
    state: str
    is_there: bool
    links: tuple[LinkView, ...]


@dataclass(slots=True)
class Line:
    """One thing that is to be mended: a sentence, or the `chain` of which a reason is said. `buttons`: those that mend
    this one alone.
    """

    message: str
    buttons: tuple[Button, ...]
    chain: ChainView | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong in words, and the chains of which this is said: those in which something is missing come first."""

    message: str
    lines: list[Line]


@dataclass(slots=True)
class Cause:
    """One thing that breaks chains, or for which they wait. `name`: the link that it is about; `fix`: how all of it is
    mended.
    """

    key: str
    name: str
    css: str
    sign: str
    status: str
    fix: Fix
    reasons: list[Reason] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """The number of chains in which something is missing."""
        chains_ = [line.chain for reason in self.reasons for line in reason.lines]
        return sum(chain is not None and not chain.is_there for chain in chains_)

    def add(self, message: str, *, chain: ChainView, buttons: tuple[Button, ...]) -> None:
        """Add a chain, of which this is said."""
        reason = next((each for each in self.reasons if each.message == message), None)
        if reason is None:
            reason = Reason(message, [])
            self.reasons.append(reason)
        reason.lines.append(Line(message, buttons, chain))
        reason.lines.sort(key=lambda line: line.chain is not None and line.chain.is_there)


@dataclass(slots=True)
class Notice:
    """Findings that are mended in one way, and belong to no broken link."""

    key: str
    css: str
    fix: Fix
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Causes:
    """A diagnosis by cause. `well`: the chains of which all is installed; `missing` and `total` count chains, without
    those that do not apply to their device. `of_several`: they are of several people.
    """

    causes: list[Cause]
    well: list[ChainView]
    not_applicable: list[ChainView]
    notices: list[Notice]
    missing: int
    total: int
    of_several: bool

    @property
    def broken(self) -> int:
        """The number of things that break a chain."""
        return sum(cause.css == "bad" for cause in self.causes)


def by_cause(call: TenantCall, result: diagnosis.Diagnosis) -> Causes:
    """Return a diagnosis by cause: what is missing first."""
    causes: dict[object, Cause] = {}
    views = [(chain, _view(chain)) for chain in result.chains]
    for chain, view in views:
        for link in _causing(chain):
            _add(causes, call, link=link, view=view, about=_about(chain))
    for cause in causes.values():
        cause.fix = _shared(cause.fix, [line for reason in cause.reasons for line in reason.lines])
    ordered = sorted(causes.values(), key=lambda each: (not each.missing, each.css != "bad", -each.missing))
    linked = [finding for chain in result.chains for link in _causing(chain) for finding in link.findings[:1]]
    users = {chain.subject.facts.user.id for chain in result.chains if chain.subject.facts.user is not None}
    user = next(iter(users)) if len(users) == 1 else None
    counted = [view for chain, view in views if chain.status is not LinkStatus.NOT_APPLICABLE]
    return Causes(
        causes=ordered,
        well=[view for chain, view in views if _is_well(chain)],
        not_applicable=[view for chain, view in views if chain.status is LinkStatus.NOT_APPLICABLE],
        notices=notices(call, (each for each in result.findings if each not in linked), user=user),
        missing=sum(not view.is_there for view in counted),
        total=len(counted),
        of_several=len(users) > 1,
    )


def notices(call: TenantCall, findings: Iterable[Finding], *, user: str | None) -> list[Notice]:
    """Return findings about a person by the way in which they are mended, errors first."""
    grouped: dict[object, Notice] = {}
    for finding in findings:
        seen = finding.observation
        named = seen.evidence.get("user")  # of a person without a chain, such as one without a licence
        person = named if user is None and isinstance(named, str) else user
        fix = fix_of(call, finding, about=Subject(person, seen.device, seen.profile))
        css = "bad" if finding.severity is Severity.ERROR else "warn"
        notice = grouped.setdefault(
            (finding.code, css, fix.words, fix.command), Notice(f"{finding.code}-{len(grouped) + 1}", css, fix)
        )
        if all(line.message != seen.message for line in notice.lines):
            notice.lines.append(Line(seen.message, fix.buttons))
    for notice in grouped.values():
        notice.fix = _shared(notice.fix, notice.lines)
    return sorted(grouped.values(), key=lambda each: each.css)


def _shared(fix: Fix, lines: Iterable[Line]) -> Fix:
    """Return the fix with the buttons that mend all lines. If each has its own, every button stands once, with the
    first line that it mends.
    """
    different = list(dict.fromkeys(line.buttons for line in lines if line.buttons))
    alike = len(different) <= 1
    for line in lines:
        if not alike and line.buttons in different:
            different.remove(line.buttons)
        else:
            line.buttons = ()
    return fix if alike else replace(fix, buttons=())


def _causing(chain: chains.Chain) -> list[chains.Link]:
    """Return the links because of which a chain does not hold: all that are broken, or the first that waits."""
    if chain.status is LinkStatus.BROKEN:
        return [link for link in chain.links if link.status is LinkStatus.BROKEN]
    if chain.status is LinkStatus.WAITING and not _is_well(chain):
        return [link for link in chain.links if link.status is LinkStatus.WAITING][:1]
    return []


def _is_there(chain: chains.Chain) -> bool:
    return any(link.name == "installed" and link.status is LinkStatus.OK for link in chain.links)


def _is_well(chain: chains.Chain) -> bool:
    """Whether all is installed and no link is broken; a check-in that is awaited may be about other profiles."""
    waiting = {link.name for link in chain.links if link.status is LinkStatus.WAITING}
    return chain.status in {LinkStatus.OK, LinkStatus.WAITING} and _is_there(chain) and waiting <= {"checkIn"}


def _add(causes: dict[object, Cause], call: TenantCall, *, link: chains.Link, view: ChainView, about: Subject) -> None:
    css, sign, status = _STATUSES[link.status]
    code = ""
    if link.findings:
        fix, code = fix_of(call, link.findings[0], about=about), link.findings[0].code
    else:
        fix = waiting_fix(call, link.name, about=about)
    cause = causes.setdefault(
        (link.name, css, code, fix.words, fix.command),
        Cause(f"{link.name}-{len(causes) + 1}", LINKS[link.name], css, sign, status, fix),
    )
    cause.add(diagnosis.explanation(link), chain=view, buttons=fix.buttons)


def _about(chain: chains.Chain) -> Subject:
    person, device = chain.subject.facts.user, chain.subject.device
    return Subject(
        None if person is None else person.id, None if device is None else device.id, str(chain.subject.profile.id)
    )


def _view(chain: chains.Chain) -> ChainView:
    subject, about = chain.subject, _about(chain)
    person, device = subject.facts.user, subject.device
    is_there = _is_there(chain)
    css, state = _state(chain.status, is_there=is_there)
    return ChainView(
        key=f"{about.profile}-{about.device or about.user}",
        profile=name_of(subject.profile),
        device=None if device is None else device.name or VARIANTS[device.variant],
        variant=None if device is None else VARIANTS[device.variant],
        user=None if person is None else person.name,
        css=css,
        state=state,
        is_there=is_there,
        links=tuple(_link(link) for link in chain.links),
    )


def _state(status: LinkStatus, *, is_there: bool) -> tuple[str, str]:
    """Return how what a profile gives stands on the device: a class, and words."""
    if status is LinkStatus.NOT_APPLICABLE:
        return "off", "not applicable"
    if is_there:
        return "good", "still installed" if status is LinkStatus.BROKEN else "installed"
    return ("bad", "missing") if status is LinkStatus.BROKEN else ("wait", "waiting")


def _link(link: chains.Link) -> LinkView:
    css, sign, words = _STATUSES[link.status]
    return LinkView(LINKS[link.name], css, sign, words, diagnosis.explanation(link))
