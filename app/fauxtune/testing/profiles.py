"""Profiles of a tenant in a test: made for several platforms with one call, and assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration import assignments, profiles
from fauxtune.core.administration.choices import MailApplication, ProfileFamily, Purpose, platforms_of
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.administration.scep import ndes_url
from fauxtune.core.model.words.device_words import ProfilePlatform, platform_of, spelled
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.testing.parts import Calls
from fauxtune_client.endpoints import ClientError

#: "all", a platform's name, or several.
Platforms = str | Iterable[str]
_ALL = "all"


class Profile:
    """A profile as a test made it: one object of Graph for each platform.

    `ids` has their ids by platform. `with_root` is the trusted root profile that is assigned together with this one, as
    devices take no PKCS certificate without its root; None without one.
    """

    def __init__(self, name: str, *, ids: Mapping[str, str], calls: Calls, with_root: Profile | None = None) -> None:
        """Use `Profiles`, which creates the objects."""
        self.name = name
        self.ids = dict(ids)
        self.with_root = with_root
        self._calls = calls
        self._targets: list[assignments.Target] = []

    @property
    def id(self) -> str:
        """The id, of a profile for one platform. Raises ValueError if there are several: see `ids`."""
        if len(self.ids) != 1:
            raise ValueError(f"the profile {self.name} has {len(self.ids)} objects, one for each platform: see ids")
        return next(iter(self.ids.values()))

    def assign(self, *groups: object, all_users: bool = False, all_devices: bool = False) -> Profile:
        """Assign the profile to groups, by name or as objects, to all users or to all devices. Return it."""
        targets = [assignments.to_group(self._group_id(group)) for group in groups]
        targets += [assignments.to_all_users()] if all_users else []
        targets += [assignments.to_all_devices()] if all_devices else []
        if not targets:
            raise ValueError("name a group, or say all_users=True or all_devices=True")
        return self._assign(targets)

    def exclude(self, *groups: object) -> Profile:
        """Leave out the members of groups. Return the profile."""
        return self._assign([assignments.excluding(self._group_id(group)) for group in groups])

    def unassign(self) -> Profile:
        """Take all assignments away: devices remove what the profile gave them. Return it."""
        self._targets = []
        self._calls.send_all(assignments.unassign(id_, present=[]) for id_ in self.ids.values())
        return self

    def delete(self) -> None:
        """Delete the profile."""
        self._calls.send_all(delete_object(profiles.PROFILES, id_) for id_ in self.ids.values())

    def _assign(self, targets: Sequence[assignments.Target]) -> Profile:
        self._calls.send_all(self._requests(targets))
        return self

    def _requests(self, targets: Sequence[assignments.Target]) -> list[AdminRequest]:
        """The requests that add the targets, to the root before."""
        self._targets = [*self._targets, *targets]
        own = [assignments.assign(id_, present=[], targets=self._targets) for id_ in self.ids.values()]
        return own if self.with_root is None else [*self.with_root._requests(targets), *own]

    def _group_id(self, group: object) -> str:
        name = str(getattr(group, "name", group))
        if (known := getattr(group, "id", None)) is not None:
            return str(known)
        literal = name.replace("'", "''")
        rows = self._calls.client.graph_list("/groups", params={"$filter": f"displayName eq '{literal}'"})
        if not rows:
            raise ClientError(f"There is no group {name}: tenant.group({name!r}, members=[...]) makes it.")
        return str(rows[0]["id"])


class Profiles:
    """Makes the profiles of a tenant. `platforms` is "all", or one or several of android, android-fully-managed,
    android-device-admin, aosp, ios, macos, windows, windows-phone.
    """

    def __init__(self, calls: Calls, *, authority: tuple[str, str]) -> None:
        self._calls = calls
        self._authority = authority

    def root(self, name: str, platforms: Platforms = _ALL, *, certificate: bytes | None = None) -> Profile:
        """Make a trusted root profile. `certificate` is DER or PEM (default: the root of the tenant's authority)."""
        requests = profiles.create_root(
            name,
            platforms=_platforms(platforms, ProfileFamily.ROOT),
            certificate=certificate or self._root,
            file_name=f"{name}.cer",
        )
        return self._create(name, requests, platforms=_platforms(platforms, ProfileFamily.ROOT))

    def pkcs(
        self,
        name: str,
        platforms: Platforms = _ALL,
        *,
        template: str = "SmimeSigning",
        root: Profile | None = None,
        with_root: bool = True,
        validity_years: int = 1,
        renewal_percent: int = 20,
    ) -> Profile:
        """Make a PKCS profile: each device gets a certificate with a key of its own.

        Devices take such a certificate only together with its root. Unless `root` is a trusted root profile of yours,
        one is made and assigned together with this profile; `with_root=False` leaves it out.
        """
        chosen = _platforms(platforms, ProfileFamily.PKCS)
        own_root = self.root(f"{name}: root", chosen) if root is None and with_root else None
        roots = root or own_root
        host, authority = self._authority
        requests = profiles.create_pkcs(
            name,
            platforms=chosen,
            issuer=profiles.Issuer(host, authority),
            template=template,
            validity=(validity_years, profiles.Scale.YEARS),
            renewal_percent=renewal_percent,
            roots={} if roots is None else {ProfilePlatform(each): id_ for each, id_ in roots.ids.items()},
        )
        return self._create(name, requests, platforms=chosen, with_root=own_root)

    def scep(
        self,
        name: str,
        platforms: Platforms = _ALL,
        *,
        urls: Sequence[str] = (),
        root: Profile | None = None,
        key_size: int = 2048,
        validity_years: int = 1,
        renewal_percent: int = 20,
    ) -> Profile:
        """Make a SCEP profile: each device makes a key, and requests a certificate at one of the addresses (default:
        that of the tenant's own SCEP server).

        Devices need the root of the authority first. Unless `root` is a trusted root profile of yours, one with the
        tenant's root is made and assigned together with this profile.
        """
        chosen = _platforms(platforms, ProfileFamily.SCEP)
        own_root = self.root(f"{name}: root", chosen) if root is None else None
        requests = profiles.create_scep(
            name,
            platforms=chosen,
            urls=urls or [self._own_scep_server()],
            key=profiles.ScepKey(size=key_size),
            validity=(validity_years, profiles.Scale.YEARS),
            renewal_percent=renewal_percent,
            roots=_by_platform(root or own_root),
        )
        return self._create(name, requests, platforms=chosen, with_root=own_root)

    def imported(self, name: str, platforms: Platforms = _ALL, *, purpose: str = "encryption") -> Profile:
        """Make an imported PFX profile: all devices of a user get the certificates that were imported for the user.

        `purpose` is "encryption", "signing", "vpn" or "wifi".
        """
        chosen = _platforms(platforms, ProfileFamily.IMPORTED)
        requests = profiles.create_imported(name, platforms=chosen, purpose=Purpose(purpose))
        return self._create(name, requests, platforms=chosen)

    def email(
        self,
        name: str,
        platforms: Platforms = _ALL,
        *,
        server: str = "mail.contoso.example",
        signing: Profile | None = None,
        encryption: Profile | None = None,
        application: str = "gmail",
    ) -> Profile:
        """Make an e-mail profile, which sets up an account. `signing` and `encryption` are the profiles whose
        certificates it uses, where the platform has such a choice (iOS, Samsung).
        """
        chosen = _platforms(platforms, ProfileFamily.EMAIL)
        account = profiles.MailAccount(
            server,
            "Work",
            signing=_by_platform(signing),
            encryption=_by_platform(encryption),
            application=MailApplication(application),
        )
        requests = profiles.create_email(name, platforms=chosen, account=account)
        return self._create(name, requests, platforms=chosen)

    @cached_property
    def _root(self) -> bytes:
        rows = self._calls.control("GET", "/authorities")["value"]
        pem = next(row["certificate"] for row in rows if row["current"] and row["role"] == "root")
        return certificate_from(pem.encode()).public_bytes(Encoding.DER)

    def _own_scep_server(self) -> str:
        tenant = self._calls.control("GET", "")
        return ndes_url(tenant["publicHttpUrl"], tenant=tenant["name"])

    def _create(
        self,
        name: str,
        requests: Sequence[AdminRequest],
        *,
        platforms: Sequence[ProfilePlatform],
        with_root: Profile | None = None,
    ) -> Profile:
        answers = self._calls.send_all(requests)
        ids = {platform.value: str(answer["id"]) for platform, answer in zip(platforms, answers, strict=True)}
        return Profile(name, ids=ids, calls=self._calls, with_root=with_root)


def _platforms(names: Platforms, family: ProfileFamily) -> tuple[ProfilePlatform, ...]:
    """The platforms of these names. Raises ValueError for a name that is not one."""
    if names == _ALL:
        return platforms_of(family)
    chosen: list[ProfilePlatform] = []
    for name in (names,) if isinstance(names, str) else names:
        if name in {platform.value for platform in ProfilePlatform}:
            chosen.append(ProfilePlatform(name))
        elif (variant := spelled(name)) is not None:
            chosen.append(platform_of(variant))
        else:
            raise ValueError(f"{name} is no platform of profiles: use all, or {', '.join(ProfilePlatform)}")
    return tuple(dict.fromkeys(chosen))


def _by_platform(profile: Profile | None) -> dict[ProfilePlatform, str]:
    return {} if profile is None else {ProfilePlatform(each): id_ for each, id_ in profile.ids.items()}
