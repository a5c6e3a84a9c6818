"""E-mail: an account of Exchange ActiveSync that the device's mail application sets up.

Graph: iosEasEmailProfileConfiguration and its siblings; Intune: "Add email settings to devices", "S/MIME overview to
sign and encrypt email". An account names the certificates of other profiles, by reference. Only those count that its
settings switch on; what it names must be on the device before.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.model.accounts import Account
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Need, Problem, email_key
from fauxtune.core.model.states import Source
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.world import Family, Profile, World

#: What every profile has and no device is told.
_COMMON = frozenset(DEVICE_CONFIGURATION.properties_in(Version.BETA)) | {"@odata.type"}
_PLAIN = "usernameAndPassword"
#: Kinds whose account goes to one application, which has one configuration. Android Management API: ApplicationPolicy.
_APPLICATIONS = {
    "androidforworkgmaileasconfiguration": "Gmail",
    "androidworkprofilegmaileasconfiguration": "Gmail",
    "androidforworknineworkeasconfiguration": "Nine",
    "androidworkprofilenineworkeasconfiguration": "Nine",
}


def _check(document: dict[str, Any]) -> None:
    # Unverified: that the service insists; without a server there is no account.
    if not document.get("hostName"):
        raise Invalid("hostName is required: the Exchange server, such as 'mail.contoso.example'.", target="hostName")


def _items(profile: Profile, world: World) -> tuple[Item, ...]:
    key, claims = email_key(profile.id), (profile.claim,)
    try:
        account = _account(profile, world)
        needs = tuple(_need(name, profile=profile, world=world) for name in _switched_on(profile))
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, error.message)
        return (Item(key=key, source=Source.EMAIL, claims=claims, problem=problem),)
    slot = _slot(account)
    return (Item(key=key, source=Source.EMAIL, claims=claims, account=account, needs=needs, slot=slot),)


def _account(profile: Profile, world: World) -> Account:
    if not world.has_user:
        raise Invalid("An e-mail account needs a user, and this device has none.")
    # Unverified: that it fails also where the profile takes the address from elsewhere; without it there is no mailbox.
    if not world.variables.get("emailaddress"):
        raise Invalid("The user of this device has no mail address (property mail), so there is no mailbox to set up.")
    document = profile.document
    return Account(
        kind=profile.kind,
        host=str(document.get("hostName") or ""),
        address=_value(str(document.get("emailAddressSource") or "userPrincipalName"), world),
        username=_username(document, world),
        settings={name: value for name, value in sorted(document.items()) if name not in _COMMON},
    )


def _value(source: str, world: World) -> str:
    """An attribute of the user, as the enums userEmailSource, usernameSource and androidUsernameSource name it."""
    values, upn = world.variables, world.variables.get("userprincipalname") or ""
    known = {
        "userPrincipalName": upn,
        "primarySmtpAddress": values.get("emailaddress"),
        "samAccountName": values.get("onpremisessamaccountname"),
        "username": upn.partition("@")[0],
    }
    found = known.get(source)
    if not found:
        raise Invalid(f"The user of this device has no value for {source}, which the profile takes the account from.")
    return found


def _username(document: dict[str, Any], world: World) -> str:
    source = str(document.get("usernameAADSource") or document.get("usernameSource") or "userPrincipalName")
    name = _value(source, world)
    if source != "samAccountName":
        return name
    upn = world.variables.get("userprincipalname") or ""
    domain = document.get("customDomainName") or upn.partition("@")[2]
    if document.get("userDomainNameSource") == "netBiosDomainName":
        domain = domain.partition(".")[0].upper()
    return f"{domain}\\{name}" if domain else name


def _switched_on(profile: Profile) -> list[str]:
    """The navigations whose certificate the settings ask for. Invalid for a derived credential."""
    method = str(profile.document.get("authenticationMethod") or _PLAIN)
    types = {
        "identityCertificate": "none" if method == _PLAIN else method,
        "smimeSigningCertificate": _signing(profile),
        "smimeEncryptionCertificate": _encryption(profile),
    }
    derived = next((name for name, kind in types.items() if kind == "derivedCredential"), None)
    if derived is not None:
        raise Invalid(f"The profile wants a derived credential in place of {derived}; those are not emulated.")
    return [name for name, kind in types.items() if kind == "certificate"]


def _signing(profile: Profile) -> str:
    # Profiles older than signingCertificateType say it with the switch alone; Knox has requireSmime and no other.
    document = profile.document
    alone = "smimeSigningEnabled" not in document
    required = _required(profile, "smimeSigningCertificate", even_unbound=alone)
    wanted = bool(document.get("smimeSigningEnabled")) or required
    return str(document.get("signingCertificateType") or ("certificate" if wanted else "none"))


def _encryption(profile: Profile) -> str:
    document = profile.document
    wanted = (
        bool(document.get("smimeEncryptByDefaultEnabled"))
        or bool(document.get("smimeEnablePerMessageSwitch"))
        or _required(profile, "smimeEncryptionCertificate")
    )
    return str(document.get("encryptionCertificateType") or ("certificate" if wanted else "none"))


def _required(profile: Profile, navigation: str, *, even_unbound: bool = False) -> bool:
    """Unverified: requireSmime, the oldest of the switches, turns on what the profile refers to."""
    return bool(profile.document.get("requireSmime")) and (even_unbound or navigation in profile.references)


def _need(navigation: str, *, profile: Profile, world: World) -> Need:
    bound = profile.references.get(navigation)
    if bound is None:
        raise Invalid(
            f"The profile's settings ask for a certificate, but {navigation} refers to no profile: bind it to a "
            "certificate profile."
        )
    return Need(navigation, profile=bound, name=world.names.get(bound, bound))


def _slot(account: Account) -> str | None:
    """Intune, "Add email settings": on iOS an account of the same host and address is in the way of another. On Windows
    and Knox the later one overwrites the earlier.
    """
    if account.kind.lower().startswith("ios"):
        return f"the account of {account.address.lower()} at {account.host.lower()}"
    application = _APPLICATIONS.get(account.kind.lower())
    # Unverified: what becomes of a second one. The application can be told about one account only.
    return None if application is None else f"the account of the application {application}"


FAMILY = Family(name="e-mail", check=_check, items=_items, source=Source.EMAIL)
