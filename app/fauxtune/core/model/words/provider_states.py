"""Provider states: the sentences by which a test, a contract or a lab says what a tenant is like.

#: data

`{user}`, `{count}` and so on are places for words: see `PLACES`. The words are matched in any case, with any spaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a sentence: the words that fit (a regular expression), an example, and what they mean."""

    pattern: str
    example: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its example, and what is true of the tenant when it is reached. `also`: other wordings;
    `enrolls`: whether devices may be enrolled to reach it.
    """

    area: str
    text: str
    example: str
    meaning: str
    also: tuple[str, ...] = ()
    enrolls: bool = False


#: Numbers in words, by their place in the tuple.
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
#: The second and so on, by their place in the tuple.
ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBER = rf"(?:no|an?|{'|'.join(NUMBERS)}|[0-9]{{1,4}})"
_NAME = r"[\w.%+-]+(?:@[\w.-]+)?"
_QUOTED_OR_WORDS = r"""(?:"[^"]{1,256}"|[^\s"'][^"]{0,255}?)"""

#: The kinds of devices by their words -> platform and mode, as the simulator calls them, and the name of such a device.
DEVICES: Mapping[str, tuple[str, str | None, str]] = MappingProxyType(
    {
        "iphone": ("ios", None, "iPhone"),
        "ipad": ("ipados", None, "iPad"),
        "mac": ("macos", None, "Mac"),
        "pc": ("windows", None, "PC"),
        "windows pc": ("windows", None, "PC"),
        "laptop": ("windows", None, "PC"),
        "phone": ("android", "work-profile", "phone"),
        "android phone": ("android", "work-profile", "phone"),
        "company phone": ("android", "fully-managed", "company phone"),
        "samsung phone": ("android", "knox", "Samsung phone"),
        "windows phone": ("windowsphone81", None, "Windows phone"),
    }
)
#: What a device can refuse, in words -> the simulator's word.
DELIVERIES: Mapping[str, str] = MappingProxyType(
    {
        "imported certificates": "imported",
        "pkcs certificates": "pkcs",
        "trusted roots": "root",
        "scep certificates": "scep",
        "mail accounts": "email",
        "settings": "setting",
        "apps": "app",
    }
)
#: The simulator's word for what a device can refuse -> the words of people.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "root": "trusted roots",
        "pkcs": "PKCS certificates",
        "imported": "imported certificates",
        "scep": "SCEP certificates",
        "email": "mail accounts",
        "setting": "settings",
        "app": "apps",
    }
)

PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "user": Place(_NAME, "alice", "a user's name, alone or with its domain; who is not there is created"),
        "group": Place(_QUOTED_OR_WORDS, "All Staff", "a group's name, or: all users, all devices"),
        "name": Place(_QUOTED_OR_WORDS, "Alice Adams", "a name, in quotes or not"),
        "template": Place(r"[\w.-]+", "SmimeSigning", "the name of a certificate template"),
        "count": Place(_NUMBER, "three", "a number, in digits or in words up to twenty; 'a' and 'no' too"),
        "part": Place(_NUMBER, "two", "a number, not more than the one before"),
        "nth": Place("|".join(ORDINALS), "second", f"one of: {', '.join(ORDINALS)}"),
        "device": Place(
            rf"(?:{'|'.join(sorted(DEVICES, key=len, reverse=True))})s?",
            "iPhone",
            f"a kind of device: {', '.join(DEVICES)}",
        ),
        "delivery": Place("|".join(DELIVERIES), "imported certificates", f"one of: {', '.join(DELIVERIES)}"),
        "fact": Place(r"[a-z][A-Za-z0-9]*", "isEncrypted", "a property of a managedDevice"),
        "value": Place(_QUOTED_OR_WORDS, "true", "a value as JSON has it, or a text"),
        "time": Place(rf"{_NUMBER} (?:minute|hour|day|week|month|year)s?", "a year", "a number of minutes to years"),
        "date": Place(
            r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?",
            "2029-03-01",
            "a date, or a time such as 2029-03-01T10:00:00Z",
        ),
    }
)

SENTENCES: tuple[Sentence, ...] = (
    # ------------------------------------------------------------------------------------------------------- users
    Sentence("users", "there is a user {user}", "there is a user alice",
             "The user exists, may sign in, and has a licence if it had to be created.", also=("{user} is there",)),
    Sentence("users", "there are {count} users", "there are twelve users",
             "At least so many users exist; those that are missing are user1, user2 and so on."),
    Sentence("users", "there is no user {user}", "there is no user alice",
             "The user does not exist: it was deleted if it was there.", also=("{user} left", "{user} has left")),
    Sentence("users", "{user} has a licence", "alice has a licence", "The user has the licence for Intune."),
    Sentence("users", "{user} has no licence", "alice has no licence",
             "The user exists and has no licence: no device can enrol for it.", also=("{user} lost the licence",)),
    Sentence("users", "{user} may not sign in", "alice may not sign in", "The account of the user is disabled."),
    Sentence("users", "{user} has no mail address", "alice has no mail address",
             "The user exists, and its mail is null: certificates for S/MIME lack their address."),
    Sentence("users", "{user} is called {name}", "alice is called Alice Adams", "The user has this displayName."),
    # ------------------------------------------------------------------------------------------------------ groups
    Sentence("groups", "there is a group {group}", "there is a group Sales", "The group exists."),
    Sentence("groups", "there is no group {group}", "there is no group Sales",
             "The group does not exist: it was deleted if it was there."),
    Sentence("groups", "{user} is a member of {group}", "alice is a member of Sales",
             "User and group exist, and the user is in the group.", also=("{user} is in {group}",)),
    Sentence("groups", "{user} is not a member of {group}", "alice is not a member of Sales",
             "User and group exist, and the user is not in the group.", also=("{user} is not in {group}",)),
    Sentence("groups", "{group} is empty", "Sales is empty", "The group exists and has no members."),
    # ------------------------------------------------------------------------------------------------ certificates
    Sentence("certificates", "{user} has {count} encryption certificates",
             "alice has an encryption certificate",
             "So many certificates are imported for the user's encrypted mail: valid, not revoked, and no others."),
    Sentence("certificates", "{user} has {count} encryption certificates, {part} expired",
             "alice has three encryption certificates, two expired",
             "So many certificates are imported for the user's encrypted mail, of which these have expired."),
    Sentence("certificates", "{user}'s encryption certificate expires in {count} days",
             "alice's encryption certificate expires in 5 days",
             "The user has one imported encryption certificate, which is valid for so many days more."),
    Sentence("certificates", "{user}'s encryption certificate has expired",
             "alice's encryption certificate has expired",
             "The user has one imported encryption certificate, which expired yesterday."),
    Sentence("certificates", "{user}'s encryption certificate was revoked",
             "alice's encryption certificate was revoked",
             "The newest imported encryption certificate of the user is revoked; it stays where it is."),
    Sentence("certificates", "{user}'s encryption certificate is on hold",
             "alice's encryption certificate is on hold",
             "The newest imported encryption certificate of the user is revoked with certificateHold."),
    Sentence("certificates", "{user} has a signing certificate", "alice has a signing certificate",
             "The CA has issued the user a signing certificate that is valid."),
    Sentence("certificates", "{user}'s signing certificate was revoked", "alice's signing certificate was revoked",
             "The newest signing certificate of the user is revoked. A user without one is issued one first."),
    Sentence("certificates", "{user}'s signing certificate expires in {count} days",
             "alice's signing certificate expires in 5 days",
             "The CA has issued the user a signing certificate that is valid for so many days more."),
    Sentence("certificates", "the issuing CA was rolled over", "the issuing CA was rolled over",
             "The issuing CA has another key than the tenant began with."),
    Sentence("certificates", "the issuing CA is out of service", "the issuing CA is out of service",
             "The issuing CA issues nothing and publishes no CRL.", also=("the CA refuses",)),
    Sentence("certificates", "the issuing CA is in service", "the issuing CA is in service",
             "The issuing CA issues certificates."),
    Sentence("certificates", "the template {template} is gone", "the template SmimeSigning is gone",
             "The issuing CA has no certificate template of this name."),
    # ---------------------------------------------------------------------------------------------------- profiles
    Sentence("profiles", "a trusted root is assigned to {group}", "a trusted root is assigned to All Staff",
             "The tenant's root is assigned, for all platforms."),
    Sentence("profiles", "a signing certificate is assigned to {group}",
             "a signing certificate is assigned to All Staff",
             "A PKCS profile with the template SmimeSigning is assigned for all platforms, with its root."),
    Sentence("profiles", "a SCEP certificate is assigned to {group}",
             "a SCEP certificate is assigned to All Staff",
             "A SCEP profile for the tenant's own SCEP server is assigned for all platforms, with its root."),
    Sentence("profiles", "imported certificates are assigned to {group}",
             "imported certificates are assigned to All Staff",
             "A profile for imported encryption certificates is assigned for all platforms."),
    Sentence("profiles", "a mail account is assigned to {group}", "a mail account is assigned to All Staff",
             "An e-mail profile is assigned for all platforms that have one."),
    Sentence("profiles", "nothing is assigned to {group}", "nothing is assigned to All Staff",
             "No profile is assigned to the group."),
    Sentence("profiles", "there are no profiles", "there are no profiles",
             "The tenant has no profiles; devices remove what profiles gave them."),
    Sentence("profiles", "trusted roots are not required", "trusted roots are not required",
             "The setting requireTrustedRoot is off: PKCS certificates are delivered without their root."),
    # ----------------------------------------------------------------------------------------------------- devices
    Sentence("devices", "{user} may not enrol a {device}", "alice may not enrol an iPhone",
             "An enrolment restriction blocks the platform for a group with the user."),
    Sentence("devices", "{user} has an enrolled {device}", "alice has an enrolled iPhone",
             "At least one simulated device of this kind is enrolled for the user.",
             also=("{user} has a {device}",), enrolls=True),
    Sentence("devices", "{user} has {count} {device}", "alice has two iPhones",
             "At least so many simulated devices of this kind are enrolled for the user.", enrolls=True),
    Sentence("devices", "{user} has {count} {device}, {part} retired", "alice has two phones, one retired",
             "The user has had so many simulated devices of this kind, and so many of them were retired.",
             enrolls=True),
    Sentence("devices", "{user}'s {device} is off line", "alice's iPhone is off line",
             "The user's simulated device does not check in, whatever is ordered.",
             also=("{user}'s {device} is lost",), enrolls=True),
    Sentence("devices", "{user}'s {device} is on line", "alice's iPhone is on line",
             "The user's simulated device is connected and checks in.",
             also=("{user}'s {device} was found",), enrolls=True),
    Sentence("devices", "{user}'s {device} was retired", "alice's iPhone was retired",
             "The user's simulated device was enrolled and retired.", enrolls=True),
    Sentence("devices", "{user}'s {device} was wiped", "alice's iPhone was wiped",
             "The user's simulated device was enrolled and wiped.", enrolls=True),
    Sentence("devices", "{user}'s {device} refuses {delivery}", "alice's iPhone refuses imported certificates",
             "The simulated device answers with an error when it is sent these.", enrolls=True),
    Sentence("devices", "{user}'s {device} accepts everything", "alice's iPhone accepts everything",
             "The simulated device refuses nothing.", enrolls=True),
    Sentence("devices", "{user}'s {device} reports {fact} {value}", "alice's iPhone reports isEncrypted true",
             "The simulated device has reported this value of the property.", enrolls=True),
    Sentence("devices", "{user}'s {device} waits for the connector", "alice's PC waits for the connector",
             "The connectors are off line, and the device waits for a certificate.",
             also=("a {device} waits for the connector",), enrolls=True),
    Sentence("devices", "{user}'s {device} has a SCEP certificate", "alice's iPhone has a SCEP certificate",
             "The simulated device has made a key, and got its certificate from the tenant's own SCEP server.",
             enrolls=True),
    Sentence("devices", "{user}'s {device} waits for the approval of a SCEP certificate",
             "alice's PC waits for the approval of a SCEP certificate",
             "The SCEP server keeps the request of the simulated device until somebody approves or denies it. Apple's "
             "devices ask three times more, 10 seconds apart: with one of them this takes half a minute.",
             enrolls=True),
    Sentence("devices", "the SCEP challenge of {user}'s {device} has expired",
             "the SCEP challenge of alice's iPhone has expired",
             "The device, which is off line, was given a challenge that nobody used in its hour.", enrolls=True),
    # -------------------------------------------------------------------------------------------------- connectors
    Sentence("connectors", "the connector is off line", "the connector is off line", "All connectors are off line."),
    Sentence("connectors", "the connector is on line", "the connector is on line", "All connectors are on line."),
    Sentence("connectors", "the connector lacks the key", "the connector lacks the key",
             "No connector has a key for imported certificates; imports made before cannot be opened any more.",
             also=("the connector has no key",)),
    Sentence("connectors", "the connector has a key", "the connector has a key",
             "A connector has a key for imported certificates."),
    Sentence("connectors", "there is no connector", "there is no connector", "The tenant has no connectors."),
    Sentence("connectors", "there are {count} connectors", "there are two connectors",
             "At least so many connectors exist; those that are added have no keys."),
    Sentence("connectors", "the connector polls", "the connector polls",
             "All connectors look for work every 30 seconds of the tenant's time only."),
    Sentence("connectors", "SCEP requests wait for an approval", "SCEP requests wait for an approval",
             "The setting ndes.approval is on: the SCEP server keeps requests until somebody approves them."),
    Sentence("connectors", "SCEP requests are granted at once", "SCEP requests are granted at once",
             "The setting ndes.approval is off."),
    # ---------------------------------------------------------------------------------------------------- failures
    Sentence("failures", "Graph throttles every {nth} request", "Graph throttles every second request",
             "Every such request to Graph of this tenant is answered 429 with Retry-After: 1.",
             also=("Graph throttles every request",)),
    Sentence("failures", "Graph is unavailable", "Graph is unavailable",
             "Every request to Graph of this tenant is answered 503."),
    Sentence("failures", "Graph answers slowly", "Graph answers slowly",
             "Every answer of Graph to this tenant takes two seconds more."),
    Sentence("failures", "nobody can sign in", "nobody can sign in",
             "The token endpoint answers that it is temporarily unavailable."),
    Sentence("failures", "a firewall keeps the connector from Intune", "a firewall keeps the connector from Intune",
             "No connector can reach Intune's hosts: what needs one waits."),
    Sentence("failures", "a firewall keeps devices from Intune", "a firewall keeps devices from Intune",
             "No device can reach Intune's hosts: none checks in."),
    Sentence("failures", "nothing fails", "nothing fails", "The tenant has no fault rules."),
    # ------------------------------------------------------------------------------------------------------- times
    Sentence("times", "{time} has passed", "a year has passed",
             "The tenant's time is at least so long (and an hour) after its creation."),
    Sentence("times", "it is {date}", "it is 2029-03-01",
             "The tenant's clock shows this day; with a time of the day it stands still then."),
    Sentence("times", "the clock stands still", "the clock stands still", "The tenant's clock is frozen."),
    Sentence("times", "the clock runs", "the clock runs", "The tenant's clock is not frozen."),
    Sentence("times", "the CRL has expired", "the CRL has expired",
             "The last CRL of the issuing CA has ended, and the CA is out of service: there is no newer one."),
    Sentence("times", "the edition is {name}", "the edition is 2020-04",
             "The tenant follows this state of Microsoft's documentation."),
)  # fmt: skip
