"""App configurations of Outlook, as an administrator sends them."""

from __future__ import annotations

import base64
import json
from typing import Any

from fauxtune.core.model import mail_accounts

SMIME = "com.microsoft.outlook.Mail.SMIMEEnabled"
LOCKED = f"{SMIME}.UserChangeAllowed"
DIRECTORY = f"{SMIME}.LDAPHostName"
CONFIGURATIONS = "/deviceAppManagement/mobileAppConfigurations"


def ios_outlook(**settings: str) -> dict[str, Any]:
    """An iosMobileAppConfiguration without its type; `settings`: the values of keys, as the switches `smime` and
    `change` and the text `ldap`.
    """
    keys = {"smime": (SMIME, "booleanType"), "change": (LOCKED, "booleanType"), "ldap": (DIRECTORY, "stringType")}
    return {
        "targetedMobileApps": [mail_accounts.FOR_IOS.id],
        "settings": [
            {"appConfigKey": keys[name][0], "appConfigKeyType": keys[name][1], "appConfigKeyValue": value}
            for name, value in settings.items()
        ],
    }


def android_outlook(*, smime: bool, change: bool = True) -> dict[str, Any]:
    """An androidManagedStoreAppConfiguration without its type."""
    properties = [{"key": SMIME, "valueBool": smime}, {"key": LOCKED, "valueBool": change}]
    return {
        "targetedMobileApps": [mail_accounts.FOR_ANDROID.id],
        "packageId": f"app:{mail_accounts.FOR_ANDROID.identifier}",
        "payloadJson": payload(properties),
    }


def payload(properties: object, kind: str = "androidenterprise#managedConfiguration") -> str:
    """The base64 of a configuration with these managed properties."""
    return base64.b64encode(json.dumps({"kind": kind, "managedProperty": properties}).encode()).decode()
