"""Names on an Android device: the aliases of items, and the packages of mail applications.

An alias tells the kind of an item: `pkcs-<profile id>`, `scep-<profile id>`, `imported-<thumbprint>`,
`email-<profile id>`.
"""

from __future__ import annotations

from fauxtune.core.model import mail_accounts
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import email_key, imported_key, key_name, key_source, pkcs_key, scep_key

#: Differs from Intune: Nine and Samsung Email are configured with the names of Gmail; Nine's own are not public, and
#: Samsung's are calls of the Knox SDK.
_PACKAGES = {
    "androidforworkgmaileasconfiguration": "com.google.android.gm",
    "androidworkprofilegmaileasconfiguration": "com.google.android.gm",
    "androidforworknineworkeasconfiguration": "com.ninefolders.hd3.work.intune",
    "androidworkprofilenineworkeasconfiguration": "com.ninefolders.hd3.work.intune",
    mail_accounts.FOR_ANDROID.configured_by.lower(): mail_accounts.FOR_ANDROID.identifier,
    "androideasemailprofileconfiguration": "com.samsung.android.email.provider",
}


def alias_of(key: ItemKey) -> str:
    """Return the keystore alias of an item: `pkcs/x` is `pkcs-x`."""
    return f"{key_source(key).value}-{key_name(key)}"


def key_of(alias: str) -> ItemKey | None:
    """Return the item of a keystore alias, or None for any other alias."""
    source, _, name = alias.partition("-")
    if source == "pkcs":
        return pkcs_key(ProfileId(name))
    if source == "scep":
        return scep_key(ProfileId(name))
    if source == "email":
        return email_key(ProfileId(name))
    return imported_key(name) if source == "imported" else None


def package_of(kind: str) -> str | None:
    """Return the package of an e-mail profile of this kind, or None for a kind of another platform."""
    return _PACKAGES.get(kind.lower())
