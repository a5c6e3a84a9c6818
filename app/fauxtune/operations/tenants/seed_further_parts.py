"""The further parts of a seed: settings, clock, connectors, profiles, assignments, imports, devices, faults.

A seed without them is a `Seed`; this module is loaded for one that has some.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from fauxtune.core.administration.choices import MailApplication, ProfileFamily, Purpose
from fauxtune.core.clock import ClockMode, from_iso
from fauxtune.core.model.text import JsonObject, Text
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.tenants.seed_parts import Part, Seed, SeedKey


def _is_time(text: str) -> str:
    try:
        from_iso(text)
    except (ValueError, OverflowError):
        raise ValueError("an ISO 8601 time is expected, such as 2027-01-31T08:00:00Z") from None
    return text


#: The platforms and modes of simulated devices, as `fauxtune-sim` has them.
DevicePlatform = Literal["android", "ios", "ipados", "macos", "windows", "windows10mobile", "windowsphone81"]
DeviceMode = Literal[
    "work-profile", "fully-managed", "dedicated", "corporate-work-profile", "device-admin", "knox", "aosp"
]
Targets = tuple[Text, ...]


class SeedClock(Part):
    """The tenant's clock; `now` is an ISO 8601 time."""

    mode: ClockMode = ClockMode.OFFSET
    now: Annotated[Text, AfterValidator(_is_time)] | None = None


class SeedConnector(Part):
    """A further connector; or, by its name, what is different about the one that a tenant begins with."""

    name: Text
    roles: tuple[Literal["pkcs", "imported-pfx", "scep", "revocation"], ...] | None = Field(
        default=None, description="without them those that the connector has, or all of its program"
    )
    mode: Literal["immediate", "polling"] = "immediate"
    state: Literal["online", "offline"] = "online"
    keys: tuple[SeedKey, ...] = ()


class SeedProfile(Part):
    """Profiles of one family for several platforms, as `fauxtune profile create` makes them; or a body for Graph.

    `assign` and `exclude` are groups; `assign` also `all users` and `all devices`.
    """

    kind: ProfileFamily | None = None
    name: Text | None = None
    platforms: Literal["all"] | tuple[ProfilePlatform, ...] = "all"
    template: Text = "SmimeSigning"
    purpose: Purpose = Purpose.ENCRYPTION
    scep_server: Text | None = Field(
        default=None, description="of a SCEP profile: the address of its server; without it the tenant's own"
    )
    mail_server: Text | None = None
    account_name: Text = "Work"
    application: MailApplication = MailApplication.GMAIL
    signing: Text | None = Field(default=None, description="of an e-mail profile: the name of the profile for signing")
    encryption: Text | None = Field(default=None, description="of an e-mail profile: the profile for encryption")
    graph: JsonObject | None = Field(default=None, description="a whole deviceConfiguration, instead of all others")
    assign: Targets = ()
    exclude: Targets = ()


class SeedAssignment(Part):
    """A profile of this name, or all of this base name, and to whom it is assigned."""

    profile: Text
    assign: Targets = ()
    exclude: Targets = ()


class SeedImport(Part):
    """A PFX file that is imported for a user: `file` is its path beside the seed's file, `pfx` the file as base64."""

    user: Text
    password: Text
    file: Text | None = None
    pfx: Text | None = None
    purpose: Purpose = Purpose.ENCRYPTION
    key_name: Text | None = None


class SeedDevice(Part):
    """A simulated device. `facts` are what it reports, `refuses` what its owner makes it refuse."""

    user: Text
    platform: DevicePlatform
    mode: DeviceMode | None = None
    name: Text | None = None
    facts: JsonObject = Field(default_factory=dict)
    refuses: tuple[Literal["root", "pkcs", "imported", "scep", "email", "app"], ...] = ()
    online: bool = True


class SeedFault(Part):
    """A fault rule, as POST .../faults takes it."""

    name: Text | None = None
    match: JsonObject = Field(default_factory=dict)
    when: JsonObject = Field(default_factory=dict)
    effect: JsonObject
    enabled: bool = True


class FullSeed(Seed):
    """A seed with all parts that there are."""

    has_further_parts: ClassVar[bool] = True

    settings: JsonObject = Field(default_factory=dict)
    clock: SeedClock | None = None
    connectors: tuple[SeedConnector, ...] = ()
    profiles: tuple[SeedProfile, ...] = ()
    assignments: tuple[SeedAssignment, ...] = ()
    imports: tuple[SeedImport, ...] = ()
    devices: tuple[SeedDevice, ...] = ()
    faults: tuple[SeedFault, ...] = ()
