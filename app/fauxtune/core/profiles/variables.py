"""The variables of subject names: `{{UserName}}` and its kin.

Intune: "Configure and use PKCS certificates", subject name format. Names match in any case. If the device or its user
has no value for a variable that a profile uses, the profile fails on that device and the message names the variable.
"""

from __future__ import annotations

import re
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.names import escape_value

_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")

#: variable (lower case) -> property of the user's document.
USER_VARIABLES = {
    "username": "userPrincipalName",
    "userprincipalname": "userPrincipalName",
    "emailaddress": "mail",
    "onprem_distinguished_name": "onPremisesDistinguishedName",
    "onpremisessamaccountname": "onPremisesSamAccountName",
    "onpremisesuserprincipalname": "onPremisesUserPrincipalName",
}

#: variable (lower case) -> fact of the device.
DEVICE_VARIABLES = {
    "aad_device_id": "azureADDeviceId",
    "azureaddeviceid": "azureADDeviceId",
    "deviceid": "managedDeviceId",
    "device_serial": "serialNumber",
    "serialnumber": "serialNumber",
    "device_imei": "imei",
    "imeinumber": "imei",
    "imei": "imei",
    "meid": "meid",
    "wifimacaddress": "wiFiMacAddress",
    "devicename": "deviceName",
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


def variables(user: dict[str, Any] | None, device: dict[str, Any]) -> dict[str, str]:
    """Every variable that has a value here, by its lower-case name."""
    values = {name: device.get(fact) for name, fact in DEVICE_VARIABLES.items()}
    if user is not None:
        values |= {name: user.get(fact) for name, fact in USER_VARIABLES.items()}
    return {name: str(value) for name, value in values.items() if value}


def expand(text: str, values: dict[str, str], *, escape: bool = False) -> str:
    """The text with every variable replaced. Invalid, naming the variable, where one has no value here.

    `escape`: the text is a distinguished name, so that commas and plus signs inside a value stay part of it.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        found = values.get(name.lower())
        if found is None:
            known = name.lower() in USER_VARIABLES or name.lower() in DEVICE_VARIABLES
            why = "the device or its user has no value for it" if known else "no such variable exists"
            raise Invalid(f"The variable {{{{{name}}}}} in '{text}' cannot be filled in: {why}.", target=name)
        return escape_value(found) if escape else found

    return _VARIABLE.sub(value, text)
