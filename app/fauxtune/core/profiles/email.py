"""E-mail: an account of Exchange ActiveSync that the device's mail application sets up.

Graph: iosEasEmailProfileConfiguration and its siblings; Intune: "Add email settings to devices", "S/MIME overview to
sign and encrypt email". An account refers to the certificates of other profiles. Only those that its settings
enable count, and they must be on the device first.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Need, Problem, email_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.states import Source
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.family import Family, Profile, Recipient

DEVICE_CONFIGURATION = entity("deviceConfiguration")

#: Properties that every profile has, and that are not sent to devices.
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
    # Unverified: that the service requires it; without a server there is no account.
    if not document.get("hostName"):
        raise Invalid("hostName is required: the Exchange server, such as 'mail.contoso.example'.", target="hostName")


def _items(profile: Profile, recipient: Recipient) -> tuple[Item, ...]:
    key, claims = email_key(profile.id), (profile.claim,)
    try:
        account = _account(profile, recipient)
        needs = tuple(_need(name, profile=profile, recipient=recipient) for name in _switched_on(profile))
    except Invalid as error:
        problem = Problem(REMEDIATION_FAILED, error.message)
        return (Item(key=key, source=Source.EMAIL, claims=claims, problem=problem),)
    slot = _slot(account)
    return (Item(key=key, source=Source.EMAIL, claims=claims, account=account, needs=needs, slot=slot),)


def _account(profile: Profile, recipient: Recipient) -> Account:
    if not recipient.has_user:
        raise Invalid("An e-mail account needs a user, but this device has no user.")
    # Unverified: that it also fails if the profile takes the address from elsewhere; without it there is no mailbox.
    if not recipient.variables.get("emailaddress"):
        raise Invalid("The user of this device has no mail address (property mail), so there is no mailbox to set up.")
    document = profile.document
    return Account(
        kind=profile.kind,
        host=str(document.get("hostName") or ""),
        address=_value(str(document.get("emailAddressSource") or "userPrincipalName"), recipient),
        username=_username(document, recipient),
        settings={name: value for name, value in sorted(document.items()) if name not in _COMMON},
    )


def _value(source: str, recipient: Recipient) -> str:
    """An attribute of the user, as the enums userEmailSource, usernameSource and androidUsernameSource name it."""
    values, upn = recipient.variables, recipient.variables.get("userprincipalname") or ""
    known = {
        "userPrincipalName": upn,
        "primarySmtpAddress": values.get("emailaddress"),
        "samAccountName": values.get("onpremisessamaccountname"),
        "username": upn.partition("@")[0],
    }
    value = known.get(source)
    if not value:
        raise Invalid(f"The user of this device has no value for {source}, from which the profile takes the account.")
    return value


def _username(document: dict[str, Any], recipient: Recipient) -> str:
    source = str(document.get("usernameAADSource") or document.get("usernameSource") or "userPrincipalName")
    name = _value(source, recipient)
    if source != "samAccountName":
        return name
    upn = recipient.variables.get("userprincipalname") or ""
    domain = document.get("customDomainName") or upn.partition("@")[2]
    if document.get("userDomainNameSource") == "netBiosDomainName":
        domain = domain.partition(".")[0].upper()
    return f"{domain}\\{name}" if domain else name


def _switched_on(profile: Profile) -> list[str]:
    """The navigations whose certificates the settings enable. Raises Invalid for a derived credential."""
    method = str(profile.document.get("authenticationMethod") or _PLAIN)
    types = {
        "identityCertificate": "none" if method == _PLAIN else method,
        "smimeSigningCertificate": _signing(profile),
        "smimeEncryptionCertificate": _encryption(profile),
    }
    derived = next((name for name, kind in types.items() if kind == "derivedCredential"), None)
    if derived is not None:
        raise Invalid(f"The profile uses a derived credential in place of {derived}, which is not emulated.")
    return [name for name, kind in types.items() if kind == "certificate"]


def _signing(profile: Profile) -> str:
    # Profiles older than signingCertificateType have only the switch; Knox has only requireSmime.
    document = profile.document
    alone = "smimeSigningEnabled" not in document
    required = _required(profile, "smimeSigningCertificate", even_unbound=alone)
    enabled = bool(document.get("smimeSigningEnabled")) or required
    return str(document.get("signingCertificateType") or ("certificate" if enabled else "none"))


def _encryption(profile: Profile) -> str:
    document = profile.document
    enabled = (
        bool(document.get("smimeEncryptByDefaultEnabled"))
        or bool(document.get("smimeEnablePerMessageSwitch"))
        or _required(profile, "smimeEncryptionCertificate")
    )
    return str(document.get("encryptionCertificateType") or ("certificate" if enabled else "none"))


def _required(profile: Profile, navigation: str, *, even_unbound: bool = False) -> bool:
    """Whether requireSmime, the oldest of the switches, enables the reference. Unverified: that it enables each
    reference.
    """
    return bool(profile.document.get("requireSmime")) and (even_unbound or navigation in profile.references)


def _need(navigation: str, *, profile: Profile, recipient: Recipient) -> Need:
    bound = profile.references.get(navigation)
    if bound is None:
        raise Invalid(
            f"The profile's settings need a certificate, but {navigation} does not refer to a profile: bind it to a "
            "certificate profile."
        )
    return Need(navigation, profile=bound, name=recipient.names.get(bound, bound))


def _slot(account: Account) -> str | None:
    """Intune, "Add email settings": on iOS an account of the same host and address prevents another. On Windows and
    Knox the later one overwrites the earlier.
    """
    if account.kind.lower().startswith("ios"):
        return f"the account of {account.address.lower()} at {account.host.lower()}"
    application = _APPLICATIONS.get(account.kind.lower())
    # Unverified: the result of a second account. The application can be configured with one account only.
    return None if application is None else f"the account of the application {application}"


FAMILY = Family(name="e-mail", check=_check, items=_items, source=Source.EMAIL)
