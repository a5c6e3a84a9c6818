"""What a tenant is made of, as values: each is valid for Graph, and is made in a tenant by `create` or `enroll`.

Which platforms, kinds of profiles and words there are is read from the tables of the product. The simplest values come
first, to which Hypothesis shrinks: short names, Android work profiles, PKCS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from hypothesis import strategies as st

from fauxtune.core.administration import devices as deeds
from fauxtune.core.administration.choices import MailApplication, ProfileFamily, Purpose, platforms_of
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.engine.device_actions.support import supports
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Cause
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.template import BUILT_IN
from fauxtune.testing.devices import Device
from fauxtune.testing.parts import Group, User
from fauxtune.testing.profiles import Profile
from fauxtune.testing.tenant import Tenant
from fauxtune_sim.facts.table import Fact, FactValue, Form, facts_of
from fauxtune_sim.platforms import Platform, read_kind

T = TypeVar("T")


def beginning_with(simplest: T, values: Iterable[T]) -> list[T]:
    """Return the values, with the simplest of them first."""
    return [simplest, *(value for value in values if value != simplest)]


# ----------------------------------------------------------------------------------------------------------- the values


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to create. `name` is the part of userPrincipalName before the @; `properties` are Graph's."""

    name: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def create(self, tenant: Tenant) -> User:
        """Create the user, with a licence; the one of this name if there is one."""
        return tenant.user(self.name, **self.properties)


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group to create, with its members."""

    name: str
    members: tuple[NewUser, ...] = ()

    def create(self, tenant: Tenant) -> Group:
        """Create the group and those of its members that are missing."""
        return tenant.group(self.name, [member.create(tenant) for member in self.members])


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A profile to create: a method of `tenant.profiles`, with its arguments. `platforms` may be "all"."""

    family: str
    name: str
    platforms: str | tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def create(self, tenant: Tenant) -> Profile:
        """Create the profile, for each platform. It is not assigned yet."""
        profile: Profile = getattr(tenant.profiles, self.family)(self.name, self.platforms, **self.options)
        return profile


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to enrol. `platform` is a word of `devices.enroll`; `facts` are what it reports."""

    platform: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    def enroll(self, tenant: Tenant, user: str | User, *, name: str | None = None) -> Device:
        """Enrol the device for a user, and let it check in."""
        facts: dict[str, Any] = {**self.facts}
        return tenant.devices.enroll(user, self.platform, name=name, **facts)


@dataclass(frozen=True, slots=True)
class Journey:
    """The life of one device: its user and profiles, how old the imported certificates are (in years), the years that
    it stays, and how it leaves: "wipe", "retire", "delete", "unenroll", or None if it stays.
    """

    user: NewUser
    device: NewDevice
    profiles: tuple[NewProfile, ...]
    imported: tuple[int, ...]
    years: int
    leaves: str | None

    def live(self, tenant: Tenant) -> Iterator[tuple[str, Device]]:
        """Let it happen, and yield after each step what happened, with the device: "enrolled", "assigned", "imported",
        "renewed" for each year, "left". All devices have settled then.
        """
        user = self.user.create(tenant)
        device = self.device.enroll(tenant, user)

        def settled(step: str) -> tuple[str, Device]:
            tenant.settle()
            return step, device

        yield settled("enrolled")
        for profile in self.profiles:
            profile.create(tenant).assign(all_devices=True)
        yield settled("assigned")
        for age in self.imported:
            import_aged(tenant, user, years=age)
        yield settled("imported")
        for _ in range(self.years):
            tenant.clock.advance(_YEAR, settle=True)
            yield settled("renewed")
        if self.leaves is not None:
            leave(tenant, device, how=Cause(self.leaves))
            yield settled("left")


# ------------------------------------------------------------------------------------------------------- the strategies

#: Microsoft Entra ID, "UserPrincipalName policies that apply to all user accounts": 64 characters before the @, and a
#: period neither at the end nor, as in every address (RFC 5322 3.2.3), at the beginning or beside another one.
_WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-'!#^~", min_size=1, max_size=20)
_ACCOUNTS = st.lists(_WORDS, min_size=1, max_size=3).map(".".join)
#: Letters, digits, punctuation and blanks of all languages.
_SIGNS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))


_LONGEST_COMMON_NAME = 64


def _names(longest: int) -> st.SearchStrategy[str]:
    return st.text(_SIGNS, min_size=1, max_size=longest).map(str.strip).filter(bool)


def users() -> st.SearchStrategy[NewUser]:
    """Users, with some of the properties that people have.

    A certificate can name each: its common name has at most 64 characters (RFC 5280, ub-common-name), which the library
    that writes it counts as bytes of UTF-8.
    """
    displayed = _names(_LONGEST_COMMON_NAME).filter(lambda name: len(name.encode()) <= _LONGEST_COMMON_NAME)
    properties = {"displayName": displayed, "givenName": _names(64), "surname": _names(64)}
    return st.builds(NewUser, _ACCOUNTS, st.fixed_dictionaries({}, optional=properties))


def groups(members: st.SearchStrategy[NewUser] | None = None) -> st.SearchStrategy[NewGroup]:
    """Groups of up to five users, which `members` gives."""
    people = st.lists(members or users(), max_size=5, unique_by=lambda user: user.name.casefold())
    return st.builds(NewGroup, _names(120), people.map(tuple))


def profiles(
    families: Iterable[str] | None = None, platforms: Iterable[str] | None = None
) -> st.SearchStrategy[NewProfile]:
    """Profiles of each family ("pkcs", "imported", "root", "scep", "email") for some of its platforms, or only of these
    families, for some of these platforms. Raises ValueError if no family has one of the platforms.
    """
    chosen = [ProfileFamily(family) for family in families or beginning_with(ProfileFamily.PKCS, ProfileFamily)]
    wanted = None if platforms is None else set(platforms)
    possible = {
        family: [each.value for each in platforms_of(family) if wanted is None or each.value in wanted]
        for family in chosen
    }
    if not any(possible.values()):
        raise ValueError("no family of profiles has one of these platforms")
    every = ["all"] if wanted is None else []
    return st.one_of([_profiles(family, words, every=every) for family, words in possible.items() if words])


def devices(platforms: Iterable[str] | None = None, *, reporting: bool = False) -> st.SearchStrategy[NewDevice]:
    """Devices of each kind, or of these: "ios", "android/work-profile" ... `reporting`: with `facts` of their own."""
    words = st.sampled_from([str(read_kind(platform)) for platform in platforms or Variant])
    if not reporting:
        return st.builds(NewDevice, words)
    return words.flatmap(lambda word: st.builds(NewDevice, st.just(word), facts(word)))


def journeys(platforms: Iterable[str] | None = None, *, edition: str = Edition.CURRENT) -> st.SearchStrategy[Journey]:
    """Lives of one device, of each kind or of one of these, from its enrolment until it leaves. `edition`: that of the
    tenant, which decides how devices of a kind can leave.
    """
    return devices(platforms).flatmap(lambda device: _journeys(device, Edition(edition)))


def facts(platform: str) -> st.SearchStrategy[dict[str, FactValue]]:
    """What a device of this kind can report of itself: some facts by the names of Graph's managedDevice, always with
    its storage. Facts that depend on others, or on lists of products, versions and check digits, are left out.
    """
    kind = read_kind(platform).platform
    free = {fact.name: _values(fact, kind) for fact in facts_of(kind) if fact.settable and fact.name not in _BOUND}
    sizes = st.lists(st.integers(1, 2**42), min_size=2, max_size=2).map(sorted)
    storage = sizes.map(lambda pair: dict(zip((_FREE, _TOTAL), pair, strict=True)))
    return st.builds(lambda some, disk: {**some, **disk}, st.fixed_dictionaries({}, optional=free), storage)


# ------------------------------------------------------------------------------------------------ what they are made of

_YEARS = st.integers(1, 3)
#: The options of each family that a test may vary: arguments of the methods of `tenant.profiles`.
_OPTIONS: Mapping[ProfileFamily, Mapping[str, st.SearchStrategy[Any]]] = MappingProxyType(
    {
        ProfileFamily.ROOT: {},
        ProfileFamily.PKCS: {
            "template": st.sampled_from([template.name for template in BUILT_IN]),
            "validity_years": _YEARS,
            "renewal_percent": st.integers(1, 99),
        },
        # Not the size of the key: a device takes seconds to make a large one.
        ProfileFamily.SCEP: {"validity_years": _YEARS, "renewal_percent": st.integers(1, 99)},
        ProfileFamily.IMPORTED: {
            "purpose": st.sampled_from([purpose.value for purpose in beginning_with(Purpose.ENCRYPTION, Purpose)])
        },
        ProfileFamily.EMAIL: {"application": st.sampled_from([each.value for each in MailApplication])},
    }
)
_YEAR = timedelta(days=365)
_TOTAL, _FREE = "totalStorageSpaceInBytes", "freeStorageSpaceInBytes"
#: data. Facts whose values depend on others, or on a list of products, versions or check digits.
_BOUND = {"osVersion", "model", "imei", "iccid", "isPasscodePresent", _TOTAL, _FREE}
#: No blanks: not every protocol keeps those at the ends of a text.
_CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
_DEEDS: Mapping[Cause, Callable[[str], AdminRequest]] = MappingProxyType(
    {Cause.WIPE: deeds.wipe_device, Cause.RETIRE: deeds.retire_device, Cause.DELETE: deeds.delete_device}
)


def _profiles(
    family: ProfileFamily, platforms: Sequence[str], *, every: Sequence[str]
) -> st.SearchStrategy[NewProfile]:
    # Hypothesis takes for simplest what needs the fewest choices: each family and each platform alone need as many.
    single = st.sampled_from([*((platform,) for platform in platforms), *every])
    several = st.lists(st.sampled_from(platforms), min_size=2, unique=True).map(tuple)
    chosen = single if len(platforms) == 1 else single | several
    options: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
        {}, optional=dict(_OPTIONS[family])
    )
    return st.builds(NewProfile, st.just(family.value), _names(60), chosen, options)


def _journeys(device: NewDevice, edition: Edition) -> st.SearchStrategy[Journey]:
    ways = [way.value for way in ways_to_leave(Variant(device.platform), edition)]
    return st.builds(
        Journey,
        users(),
        st.just(device),
        st.lists(profiles(), max_size=3).map(tuple),
        imported=st.lists(st.integers(0, 5), max_size=3).map(tuple),
        years=st.integers(0, 3),
        leaves=st.none() | st.sampled_from(ways),
    )


def _values(fact: Fact, platform: Platform) -> st.SearchStrategy[FactValue]:
    match fact.form:
        case Form.FLAG:
            return st.booleans()
        case Form.WHOLE:
            # 0 stands for a number that is not known: AMAPI leaves it out.
            return st.integers(1, min(fact.most, 2**50))
        case Form.CHOICE:
            return st.sampled_from(fact.choices_of(platform))
        case _:
            return st.from_regex(fact.pattern, fullmatch=True, alphabet=_CHARACTERS)


# --------------------------------------------------------------------------------------------------------- what is done


def ways_to_leave(variant: Variant, edition: Edition) -> tuple[Cause, ...]:
    """How devices of this kind leave: the actions that they support, and their users' own, if those may."""
    actions = tuple(cause for cause in _DEEDS if supports(DeviceAction(cause.value), variant, edition=edition))
    return (*actions, Cause.UNENROLL) if FACTS[variant].user_may_unenroll else actions


def leave(tenant: Tenant, device: Device, *, how: Cause) -> int:
    """Let a device leave, by Graph or by its user. Return the status of Graph's answer; 204 for a user's deed."""
    if how is Cause.UNENROLL:
        device.unenroll()
        return 204
    request = _DEEDS[how](device.id)
    return tenant.graph.request(request.method, f"/beta{request.path}", json=request.body).status_code


def import_aged(tenant: Tenant, user: User, *, years: int, purpose: str = "encryption") -> str:
    """Import a certificate for a user that was issued so many years ago, for one year. Return the id of its record."""
    begin = tenant.clock.now() - years * _YEAR - timedelta(days=1)
    end = begin + _YEAR
    pfx = tenant.pfx(user, purpose=purpose, not_before=begin.isoformat(), not_after=end.isoformat())
    return str(pfx.record_id)
