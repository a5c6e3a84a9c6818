"""The diagnosis: what is wrong with a user's certificates, and which link of the way to a device is broken. Only reads.

Everything is judged as the next check-in would find it, so that a fault that was corrected a moment ago is not
reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fauxtune.connector.refusals import REFUSALS
from fauxtune.core.engine.diagnosis.app_rules import APP_LINKS
from fauxtune.core.engine.diagnosis.chain import LINKS, Chain, Link, LinkStatus, Subject, chain
from fauxtune.core.engine.diagnosis.facts import Device, Facts, UserCertificate, source_of
from fauxtune.core.engine.diagnosis.findings import Finding, Severity
from fauxtune.core.engine.diagnosis.numbers import ErrorNumber, decode
from fauxtune.core.engine.diagnosis.rules import find
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ProfileId, ResourceId, UserId
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.app_kinds import KINDS
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.insight.diagnosis_facts import Owned, Selection, gather, stored
from fauxtune.operations.insight.enrollability import refusals_of
from fauxtune.operations.insight.remedies import with_command
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries.insight import diagnosis as queries
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.resources import ResourceRow

#: A profile can reach a whole company: so many of its devices are looked at.
MOST_DEVICES = 50
#: So many are examined in one transaction, or a few more: all of one user.
_AT_ONCE = 25
#: The connector's own numbers in words.
CONNECTOR_WORDS = {refusal.number: " ".join((refusal.__doc__ or "").split()).rstrip(".") for refusal in REFUSALS}


@dataclass(frozen=True, slots=True)
class History:
    """A user's certificates, oldest first, and all findings about the user."""

    user: UserRow
    facts: Facts
    findings: tuple[Finding, ...]

    def about(self, certificate: UserCertificate) -> list[Finding]:
        """Return the findings about one certificate."""
        return [finding for finding in self.findings if finding.observation.certificate == certificate.thumbprint]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The chains that were asked for, and the findings. `left_out`: the number of devices that were not examined."""

    chains: tuple[Chain, ...]
    findings: tuple[Finding, ...]
    left_out: int = 0

    @property
    def healthy(self) -> bool:
        """Whether no link is broken and no finding is an error."""
        broken = any(chain.status is LinkStatus.BROKEN for chain in self.chains)
        return not broken and all(finding.severity is not Severity.ERROR for finding in self.findings)


def number(code: int) -> ErrorNumber:
    """Return an `errorCode` of Graph, decoded and in words."""
    return decode(code, connector=CONNECTOR_WORDS)


def explanation(link: Link) -> str:
    """Return the message of a link, with the meaning of the error code that it was reported with."""
    code = link.findings[0].observation.evidence.get("errorCode") if link.findings else None
    if not isinstance(code, int):
        return link.message
    error = number(code)
    system = error.family if error.number is None else f"{error.family} {error.number}"
    return f"{link.message} ({error.hexadecimal}, {system}: {error.words})"


def history(tx: Transaction, key: str) -> History:
    """Return all certificates of a user, by id or name, with the findings. Raises NotFound if there is no such user."""
    user = _user(tx, key)
    devices = queries.devices_of_user(tx.connection, tx.tenant.id, user_id=user.id)
    (facts,) = gather(tx, [Owned(user, devices)])
    return History(user, facts, tuple(with_command(finding, facts) for finding in find(facts)))


@dataclass(frozen=True, slots=True)
class Scope:
    """The ids of some devices of one user, and the profile or the app in question. `is_person`: the question names the
    user.
    """

    user: UserId | None
    devices: tuple[str, ...]
    selection: Selection | None
    is_person: bool = False


async def diagnose(
    emulator: Emulator,
    tenant: Tenant,
    *,
    user: str | None = None,
    device: str | None = None,
    profile: str | None = None,
    app: str | None = None,
    most: int | None = None,
) -> Diagnosis:
    """Return the chains of a user, a device, and a profile or an app; one of them is enough, several narrow it down.
    `most`: how many devices of a profile or an app are looked at, if not MOST_DEVICES.

    Raises Invalid if all are missing or if they do not belong together, NotFound if one does not exist.
    """
    runner = emulator.runner
    question = _Question(user, device, profile, app)
    scopes, left_out = await runner.run(tenant, _scopes, question, most=most or MOST_DEVICES)
    parts: list[Diagnosis] = []
    for some in _in_turns(scopes):
        parts += await runner.run(tenant, _examine, some)
        # A profile can reach many users: others are served in between.
        await give_way()
    return Diagnosis(
        chains=tuple(chain for part in parts for chain in part.chains),
        findings=_once(finding for part in parts for finding in part.findings),
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """What a diagnosis is asked about: each by its name or id."""

    user: str | None
    device: str | None
    profile: str | None
    app: str | None


def _scopes(tx: Transaction, question: _Question, *, most: int) -> tuple[list[Scope], int]:
    """Return a scope for each user whom the question is about, and the number of devices that are left out."""
    if question == _Question(None, None, None, None):
        raise Invalid("Say what is to be looked at: user, device, profile or app; or several of them.")
    if question.profile is not None and question.app is not None:
        raise Invalid("Ask about a profile or about an app, not about both.", target="app")
    person = None if question.user is None else _user(tx, question.user)
    enrollment = None if question.device is None else _device(tx, question.device)
    selection = _selection(tx, question)
    if enrollment is not None:
        if person is not None and enrollment.user_id != person.id:
            raise _not_theirs(tx, enrollment, person=person)
        return [Scope(enrollment.user_id, (enrollment.id,), selection)], 0
    if person is not None:
        rows = queries.devices_of_user(tx.connection, tx.tenant.id, user_id=person.id)
        fitting = tuple(row.id for row in rows if selection is None or row.variant in selection.variants)
        # Without a device of its kind, the profile is compared with those that the user has.
        return [Scope(person.id, fitting or tuple(row.id for row in rows), selection, is_person=True)], 0
    assert selection is not None
    return _reached(tx, selection, most=most)


def _selection(tx: Transaction, question: _Question) -> Selection | None:
    if question.app is not None:
        row = _app(tx, question.app)
        known = KINDS.get(row.kind)
        platforms = {platform.value for platform in (Platform if known is None else known.platforms)}
        fits = [variant for variant in Variant if variant.value.partition("/")[0] in platforms]
        app = Profile(id=ProfileId(row.id), kind=row.kind, version=row.version, document=row.document, references={})
        return Selection(app, frozenset(fit.value for fit in fits), is_app=True)
    if question.profile is None:
        return None
    profile = _profile(tx, question.profile)
    return Selection(stored(profile), _variants(profile))


def _reached(tx: Transaction, selection: Selection, *, most: int) -> tuple[list[Scope], int]:
    """Return a scope for each user whose devices the selection reaches, and the number of devices that are left out."""
    every = concern.reached_by_profile(tx.connection, tx.tenant.id, profile_id=selection.profile.id)
    fitting = [device for device, variant in every if variant in selection.variants]
    by_user: dict[UserId | None, list[str]] = {}
    for row in queries.devices_by_id(tx.connection, tx.tenant.id, ids=fitting[:most]):
        by_user.setdefault(row.user_id, []).append(row.id)
    scopes = [Scope(user, tuple(devices), selection) for user, devices in by_user.items()]
    return scopes or [Scope(None, (), selection)], len(fitting[most:])


def _not_theirs(tx: Transaction, enrollment: NamedEnrollmentRow, *, person: UserRow) -> Invalid:
    owner = _owner(tx, enrollment.user_id)
    whose = "no user's" if owner is None else f"{owner.document.get('userPrincipalName')}'s"
    return Invalid(
        f"The device {enrollment.id} is {whose}, not {person.document.get('userPrincipalName')}'s: leave one of "
        "the two out.",
        target="device",
    )


def _in_turns(scopes: Sequence[Scope]) -> Iterator[list[Scope]]:
    """Yield the scopes, as many at a time as one transaction examines together."""
    some: list[Scope] = []
    for scope in scopes:
        some.append(scope)
        if sum(len(each.devices) for each in some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _examine(tx: Transaction, scopes: Sequence[Scope]) -> list[Diagnosis]:
    """Return the chains of the profiles in question on the devices of each scope. All ask about the same profile."""
    devices = queries.devices_by_id(tx.connection, tx.tenant.id, ids={id_ for scope in scopes for id_ in scope.devices})
    ids = {scope.user for scope in scopes if scope.user is not None}
    users = directory_queries.users_by_id(tx.connection, tx.tenant.id, ids=ids)
    parts = [
        Owned(
            None if scope.user is None else users.get(scope.user),
            [device for device in devices if device.id in scope.devices],
        )
        for scope in scopes
    ]
    selection = scopes[0].selection
    gathered = gather(tx, parts, selection=selection, is_open=selection is None)
    refused = {scope.user: refusals_of(tx, users[scope.user]) for scope in scopes if scope.is_person and scope.user}
    return [
        _diagnosis(replace(facts, refusals=refused.get(scope.user or UserId(""), ())), selection)
        for scope, facts in zip(scopes, gathered, strict=True)
    ]


def _diagnosis(facts: Facts, selection: Selection | None) -> Diagnosis:
    findings = [with_command(each, facts) for each in find(facts)]
    profile = None if selection is None else selection.profile
    subjects = [Subject(facts, each, device) for device in facts.devices for each in _in_question(device, profile)]
    if profile is not None and not facts.devices:
        subjects = [Subject(facts, profile, None)]
    links = APP_LINKS if selection is not None and selection.is_app else LINKS
    chains = tuple(chain(subject, findings, links=links) for subject in subjects)
    if profile is None:
        return Diagnosis(chains, tuple(findings))
    return Diagnosis(chains, _once(finding for one in chains for link in one.links for finding in link.findings))


def _in_question(device: Device, selected: Profile | None) -> list[Profile]:
    """Return the profiles whose chain is asked for: all that give the device something; or the one in question, after
    those that it refers to.
    """
    if selected is None:
        return [
            profile
            for profile in device.profiles
            if source_of(profile) is not None and ((known := kind(profile.kind)) is None or known.has_status)
        ]
    referred = (device.profile(target) for target in selected.references.values())
    return [*(each for each in referred if each is not None), device.profile(selected.id) or selected]


def _variants(profile: ProfileRow) -> frozenset[str]:
    """Return the kinds of device that the profile is for; all kinds if the profile's kind is unknown here."""
    known = kind(profile.kind)
    return frozenset(variant.value for variant in (Variant if known is None else known.reached))


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, in order. (Evidence cannot be hashed.)"""
    distinct: list[Finding] = []
    for finding in findings:
        if finding not in distinct:
            distinct.append(finding)
    return tuple(distinct)


def _user(tx: Transaction, key: str) -> UserRow:
    """Return a user by the id or userPrincipalName, or by the part before the @ in the tenant's own domain."""
    row = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if row is None and "@" not in key:
        row = directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=f"{key}@{tx.tenant.domain}")
    if row is None:
        raise NotFound(f"There is no user '{key}'; use an id or a userPrincipalName.", target="user")
    return row


def _owner(tx: Transaction, user_id: UserId | None) -> UserRow | None:
    """Return the user, if there is an id and the user still exists."""
    return None if user_id is None else directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)


def _device(tx: Transaction, key: str) -> NamedEnrollmentRow:
    """Return an enrolment by its id, by that of its managedDevice, or by a name or a serial number that only one device
    has.
    """
    row = device_queries.enrollment_named(tx.connection, tx.tenant.id, key=key)
    if row is not None:
        return row
    named = queries.devices_named(tx.connection, tx.tenant.id, name=key, limit=2)
    if len(named) > 1:
        raise Invalid(f"Several devices are called '{key}': use the id of one.", target="device")
    if not named:
        raise NotFound(
            f"There is no device '{key}'; use the id of an enrolment or of a managedDevice, its name or serial number.",
            target="device",
        )
    return named[0]


def _profile(tx: Transaction, key: str) -> ProfileRow:
    """Return a profile by its id, or by a name that only one profile has."""
    row = configuration_queries.profile(tx.connection, tx.tenant.id, profile_id=key)
    if row is not None:
        return row
    named = queries.profiles_named(tx.connection, tx.tenant.id, name=key, limit=2)
    if len(named) > 1:
        raise Invalid(f"Several profiles are called '{key}': use the id of one.", target="profile")
    if not named:
        raise NotFound(f"There is no profile '{key}'; use its id or its displayName.", target="profile")
    return named[0]


def _app(tx: Transaction, key: str) -> ResourceRow:
    """Return an app, stored or built in, by its id, or by a name that only one app has."""
    stored = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    known = {row.id: row for row in (*resources.built_in_rows(APP_RULES, tx.tenant), *stored)}
    if key.lower() in known:
        return known[ResourceId(key.lower())]
    named = [row for row in known.values() if str(row.document.get("displayName")).casefold() == key.casefold()]
    if len(named) > 1:
        raise Invalid(f"Several apps are called '{key}': use the id of one.", target="app")
    if not named:
        raise NotFound(f"There is no app '{key}'; use its id or its displayName.", target="app")
    return named[0]
