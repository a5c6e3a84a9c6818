"""Profiles by name and platform: `Signing` with `--platform all` means `Signing (iOS)`, `Signing (Windows)` ...

A task that creates profiles for several platforms names each after its platform (`core.administration.choices`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

import click
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.administration.choices import (
    FAMILY_TITLES,
    ProfileFamily,
    base_name,
    family_and_platform,
    platforms_of,
)
from fauxtune.core.model.words import device_words
from fauxtune.core.model.words.device_words import TITLES, ProfilePlatform, spelled
from fauxtune.core.profiles.trusted_root import certificate_of
from fauxtune_cli import completion, names
from fauxtune_cli.names import Named, NotOne
from fauxtune_cli.options import OneOf, one_line
from fauxtune_client.http import Client


class PlatformWord(StrEnum):
    """A platform on the command line: those of `ProfilePlatform`, and all of them."""

    ANDROID = "android"
    ANDROID_FULLY_MANAGED = "android-fully-managed"
    ANDROID_DEVICE_ADMIN = "android-device-admin"
    AOSP = "aosp"
    IOS = "ios"
    MACOS = "macos"
    WINDOWS = "windows"
    WINDOWS_PHONE = "windows-phone"
    ALL = "all"

    @classmethod
    def _missing_(cls, value: object) -> PlatformWord | None:
        """The platform of a kind of device that is spelled otherwise, such as `android/fully-managed` or `iphone`."""
        variant = spelled(str(value))
        return None if variant is None else cls(device_words.platform_of(variant).value)


_LIST = ", ".join(PlatformWord)

new_platform_option = click.option(
    "--platform",
    type=OneOf(PlatformWord),
    multiple=True,
    required=True,
    metavar="PLATFORM",
    help=f"for this platform; repeatable: {_LIST}",
)
platform_option = click.option(
    "--platform",
    type=OneOf(PlatformWord),
    multiple=True,
    metavar="PLATFORM",
    help=f"of the profiles of this name the one for this platform; repeatable: {_LIST}",
)
profiles_argument = click.argument(
    "profiles",
    nargs=-1,
    required=True,
    metavar="PROFILE...",
    shell_complete=completion.profile,
    help="the profiles: names, ids or the beginnings of ids",
)


def platforms(words: Iterable[PlatformWord], *, family: ProfileFamily) -> list[ProfilePlatform]:
    """Return the platforms that the words mean; `all` means those that have a profile of this family."""
    chosen: list[ProfilePlatform] = []
    for word in words:
        chosen += platforms_of(family) if word is PlatformWord.ALL else [ProfilePlatform(word)]
    return list(dict.fromkeys(chosen))


def platform_of(profile: Named) -> ProfilePlatform | None:
    """Return the platform of a profile; None for kinds that no task creates."""
    known = family_and_platform(profile.document["@odata.type"])
    return None if known is None else known[1]


def deletion_rank(profile: Named) -> int:
    """Return when a profile can be deleted: one that another refers to cannot, so accounts go first and roots last."""
    return {ProfileFamily.EMAIL: 0, ProfileFamily.ROOT: 2}.get(_family(profile) or ProfileFamily.PKCS, 1)


def kind_words(odata_type: str) -> str:
    """Return the kind of a profile in words, such as `PKCS certificate, iOS`."""
    known = family_and_platform(odata_type)
    return odata_type.rpartition(".")[2] if known is None else f"{FAMILY_TITLES[known[0]]}, {TITLES[known[1]]}"


def short_kind(odata_type: str) -> tuple[str, str]:
    """Return the kind and the platform of a profile by the words that commands take; for other kinds Graph's name."""
    known = family_and_platform(odata_type)
    return (odata_type.rpartition(".")[2], "-") if known is None else (known[0].value, known[1].value)


def profiles(client: Client) -> list[Named]:
    """Return all profiles. Those of one platform are known by their name without the platform, too."""
    return [_with_base_name(profile) for profile in names.profiles(client)]


def chosen_profiles(client: Client, wanted: Sequence[str], *, words: Sequence[PlatformWord] | None) -> list[Named]:
    """Return the profiles that the names mean, each once; with platforms all that have the name and one of these.
    Raises NotOne.
    """
    known = profiles(client)
    if words:
        fits = [of_platform for name in wanted for of_platform in _of_platforms(name, known, words=words)]
    else:
        fits = [_single(name, known) for name in wanted]
    return list({fit.id: fit for fit in fits}.values())


def by_platform(client: Client, wanted: str | None, *, families: Iterable[ProfileFamily]) -> dict[ProfilePlatform, str]:
    """Return the id of the profile with this name, or with it and the platform, on each platform. Raises NotOne if no
    profile of the families has the name, or two on one platform.
    """
    if wanted is None:
        return {}
    kinds = set(families)
    known = [profile for profile in profiles(client) if _family(profile) in kinds]
    fits = [candidate for candidate in known if _is_named(candidate, wanted)] or [
        names.choose(wanted, known, kind="such profile")
    ]
    result: dict[ProfilePlatform, str] = {}
    for fit in fits:
        platform = platform_of(fit)
        assert platform is not None, "only kinds that have a family were kept"
        if result.setdefault(platform, fit.id) != fit.id:
            same = [one for one in fits if platform_of(one) is platform]
            names.choose(wanted, [replace(one, name=wanted) for one in same], kind="profile")
    return result


def root_profiles(client: Client, certificate: bytes | None) -> dict[ProfilePlatform, str]:
    """Return the id of a trusted root profile on each platform. With a certificate (DER) the first root profile that
    has it; otherwise the platform's only root profile.
    """
    known: dict[ProfilePlatform, list[str]] = {}
    for profile in profiles(client):
        platform = platform_of(profile)
        if platform is None or _family(profile) is not ProfileFamily.ROOT:
            continue
        if certificate is None or certificate_of(profile.document).public_bytes(Encoding.DER) == certificate:
            known.setdefault(platform, []).append(profile.id)
    return {platform: ids[0] for platform, ids in known.items() if certificate is not None or len(ids) == 1}


def _single(wanted: str, known: list[Named]) -> Named:
    try:
        return names.choose(wanted, known, kind="profile")
    except NotOne as error:
        if sum(_is_named(candidate, wanted) for candidate in known) > 1:
            raise NotOne(f"{error}\nor choose by --platform: one, several or {PlatformWord.ALL}.") from None
        raise


def _of_platforms(wanted: str, known: list[Named], *, words: Sequence[PlatformWord]) -> list[Named]:
    named = [candidate for candidate in known if _is_named(candidate, wanted)]
    wanted_platforms = [ProfilePlatform(word) for word in words if word is not PlatformWord.ALL]
    fits = [candidate for candidate in named if PlatformWord.ALL in words or platform_of(candidate) in wanted_platforms]
    if fits:
        return fits
    if named:
        have = ", ".join(platform for candidate in named if (platform := platform_of(candidate)) is not None)
        raise NotOne(f"'{one_line(wanted)}' has no profile for {', '.join(words)}: it has {have or 'no platform'}.")
    return [names.choose(wanted, known, kind="profile")]


def _is_named(profile: Named, wanted: str) -> bool:
    return wanted.casefold() in (name.casefold() for name in (profile.name, *profile.others))


def _family(profile: Named) -> ProfileFamily | None:
    known = family_and_platform(profile.document["@odata.type"])
    return None if known is None else known[0]


def _with_base_name(profile: Named) -> Named:
    platform = platform_of(profile)
    about = kind_words(profile.document["@odata.type"])
    if platform is None:
        return replace(profile, about=about)
    return replace(profile, about=about, others=(base_name(profile.name, platform),))


def sentence(done: str, profiles: Sequence[str], *, rest: str = "") -> str:
    """Return what was done as a sentence: `Deleted Signing (iOS).`; of several profiles the names stand below it."""
    if len(profiles) == 1:
        return f"{done} {one_line(profiles[0])}{rest}."
    return "\n".join([f"{done} {len(profiles)} profiles{rest}:", *(f"  {one_line(name)}" for name in profiles)])
