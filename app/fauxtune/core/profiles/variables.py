"""The variables of subject names and alternative names: `{{UserName}}` and others.

Intune: "Configure and use PKCS certificates", "Create and assign SCEP certificate profiles", subject name format. Names
match in any case. If the device or its user has no value for a variable that a profile uses, the profile fails on that
device and the message names the variable. Which variables there are depends on the edition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.pki.names import escape_value

_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")

#: variable (lower case) -> property of the user's document, as the pages of 2020 have them.
_USER = {
    "username": "userPrincipalName",
    # Unverified: the pages of 2020 do not list it; those of 2024 and 2025 do.
    "userprincipalname": "userPrincipalName",
    "emailaddress": "mail",
    "onprem_distinguished_name": "onPremisesDistinguishedName",
    "onpremisessamaccountname": "onPremisesSamAccountName",
    # Unverified: no page names this one.
    "onpremisesuserprincipalname": "onPremisesUserPrincipalName",
}
#: The variables added from 2022 to 2025.
_LATER = {
    "onpremisessecurityidentifier": "onPremisesSecurityIdentifier",
    "givenname": "givenName",
    "surname": "surname",
    "department": "department",
}
#: The part of the value before the @.
_LOCAL_PART = "userPrincipalName before the @"

#: variable (lower case) -> property of the user's document.
USER_VARIABLES: Changed[Mapping[str, str]] = Changed(
    "Variables of the user in subject names and alternative names",
    {
        Edition.APRIL_2020: Stated(
            _USER,
            "`{{UserName}}` is the user principal name, such as janedoe@contoso.com.",
            "Configure and use PKCS certificates with Intune, 2020-02-25",
        ),
        # Unverified: the page on PKCS gives the example "Jane Doe", the one on SCEP "janedoe".
        Edition.CURRENT: Stated(
            {**_USER, "username": _LOCAL_PART, **_LATER},
            "`{{UserName}}` is the user name, such as janedoe; `{{OnPremisesSecurityIdentifier}}`, `{{GivenName}}`, "
            "`{{SurName}}` and `{{Department}}` exist as well.",
            "Configure and use PKCS certificates with Intune, 2024-11-19; Create and assign SCEP certificate profiles "
            "in Intune, 2025-06-26",
        ),
    },
)

#: variable (lower case) -> fact of the device: "Configure and use PKCS certificates with Intune", 2020-02-25 and
#: 2024-11-19. The DNS name is one of Windows devices that have joined a domain.
DEVICE_VARIABLES: Mapping[str, str] = {
    "aad_device_id": "azureADDeviceId",
    "azureaddeviceid": "azureADDeviceId",
    # Unverified in 2020: the pages of that year do not list it; those of 2024 and 2025 do.
    "deviceid": "managedDeviceId",
    "device_serial": "serialNumber",
    "serialnumber": "serialNumber",
    "device_imei": "imei",
    "imeinumber": "imei",
    "imei": "imei",
    "meid": "meid",
    "wifimacaddress": "wiFiMacAddress",
    "devicename": "deviceName",
    "fullyqualifieddomainname": "fullyQualifiedDomainName",
}

#: subjectNameFormat (without `custom`) -> the format it stands for.
SUBJECT_FORMATS = {
    "commonName": "CN={{UserName}}",
    "commonNameIncludingEmail": "CN={{UserName}},E={{EmailAddress}}",
    "commonNameAsEmail": "CN={{EmailAddress}}",
    "commonNameAsIMEI": "CN={{IMEINumber}}",
    "commonNameAsSerialNumber": "CN={{SerialNumber}}",
    "commonNameAsAadDeviceId": "CN={{AAD_Device_ID}}",
    "commonNameAsIntuneDeviceId": "CN={{DeviceId}}",
    "commonNameAsDurableDeviceId": "CN={{AAD_Device_ID}}",
}


def variables(user: dict[str, Any] | None, device: dict[str, Any], *, edition: Edition) -> dict[str, str | None]:
    """Every variable of the edition, by its lower-case name, with its value for this user and device, if
    there is one.
    """
    values = {name: device.get(fact) for name, fact in DEVICE_VARIABLES.items()}
    values |= {name: _of_user(user, fact) for name, fact in USER_VARIABLES.of(edition).items()}
    return {name: str(value) if value else None for name, value in values.items()}


def without_user(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The variables without the values that come from the user."""
    of_user = {name for edition in Edition for name in USER_VARIABLES.of(edition)}
    return {name: None if name in of_user else value for name, value in values.items()}


def expand(text: str, values: Mapping[str, str | None], *, escape: bool = False) -> str:
    """The text with every variable replaced. Raises Invalid, naming the variable, if one has no value.

    `escape`: the text is a distinguished name, so that commas and plus signs inside a value stay part of it.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        text_value = values.get(name.lower())
        if text_value is None:
            known = name.lower() in values
            why = "the device or its user has no value for it" if known else "no such variable exists"
            raise Invalid(f"The variable {{{{{name}}}}} in '{text}' cannot be filled in: {why}.", target=name)
        return escape_value(text_value) if escape else text_value

    return _VARIABLE.sub(value, text)


def _of_user(user: dict[str, Any] | None, fact: str) -> Any:
    if user is None:
        return None
    if fact == _LOCAL_PART:
        return str(user.get("userPrincipalName") or "").partition("@")[0]
    return user.get(fact)
