"""Devices' error numbers, with their meaning in words.

Intune: "Troubleshoot policies and profiles", lists of error codes: each is 0x87D10000 joined with the number of the
protocol at fault, Apple's plus 10,000 or OMA-DM's status (OMA: SyncML Representation Protocol 10, response status
codes). Graph carries them as signed 32-bit numbers.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.model.items import REMEDIATION_FAILED

_FACILITY = 0x87D1
_APPLE_BEGINS = 10_000
_SYNCML_ENDS = 600

SYNCML: dict[int, str] = {
    400: "the device could not read the command",
    401: "the device requires other credentials",
    403: "the device does not allow the command",
    404: "the device has no such node",
    405: "the node does not allow the command",
    406: "the device does not support this option",
    407: "the device requires credentials",
    408: "the device took too long",
    412: "an earlier command did not finish",
    413: "the message is larger than the device accepts",
    414: "the node's address is too long",
    415: "the device does not accept this type or format",
    418: "the node exists already",
    420: "the device is full",
    424: "the announced size is not the received size",
    425: "the device does not permit the server to do this",
    500: "the device met an unexpected condition",
    501: "the device does not know the command",
    503: "the device is busy",
    507: "one command of an atomic group failed, so none of the group was carried out",
    516: "one command of an atomic group failed, and the others could not be rolled back",
}

APPLE: dict[int, str] = {
    1000: "the profile is malformed",
    1001: "the profile has a version that the device does not know",
    1002: "the profile lacks a field",
    1003: "a field of the profile has the wrong type",
    1004: "the profile's signature is not valid",
    1005: "the profile is empty",
    1006: "the profile cannot be decrypted with the device's identity",
    1007: "two payloads of the profile have the same UUID",
    1008: "two payloads of the profile have the same identifier",
    1009: "the profile could not be installed",
    1010: "a field of the profile has a value that is not supported",
    2000: "a payload is malformed",
    2001: "a payload has a version that the device does not know",
    2002: "a payload lacks a field",
    2003: "a field of a payload has the wrong type",
    2004: "a field of a payload has a value that is not supported",
    4000: "the profile cannot be parsed",
    4001: "the profile could not be installed",
    4002: "a profile with the same UUID is installed",
    4004: "the user cancelled the installation",
    4009: "the device is locked",
    4010: "the new version of the profile has another identifier",
    4012: "the profile cannot be updated",
    4013: "the update failed",
    4014: "there is no identity for the device",
    4015: "the replacement lacks the MDM payload",
    4016: "an internal error of the device",
    6000: "the keychain refused it",
    7000: "the mail server cannot be reached",
    7001: "the mail server does not accept the credentials",
    7003: "the S/MIME certificate that the account names is missing",
    7004: "the S/MIME certificate that the account names is not valid",
    9000: "the password does not open the PKCS#12 file",
    9001: "there is more than one certificate in the payload",
    9002: "the certificate cannot be stored",
    9004: "the root certificate cannot be stored",
    9005: "the certificate is malformed",
    9006: "the certificate has no private key with it",
    12000: "the MDM payload has access rights that are not valid",
    12001: "the device is managed already",
    12007: "the MDM server does not have the right to do this",
    12008: "the request is malformed",
    12009: "the replacement of the MDM profile is not valid",
    12012: "the replacement belongs to another MDM server",
    12013: "the profile was not installed by this MDM server",
    12016: "the identity for MDM is missing",
    12021: "the device does not know the command",
    12022: "the push topic is not valid",
    21005: "an account of the same host and user exists already",
    21006: "the account's certificate cannot be decrypted",
    22002: "the answer with the certificates of the SCEP authority is not valid",
    22005: "the SCEP server cannot be reached",
    22007: "the certificate that SCEP issued is not valid",
    22012: "the certificate of the SCEP authority cannot be stored",
    22013: "the answer of the SCEP server is not valid",
}


@dataclass(frozen=True, slots=True)
class ErrorNumber:
    """A number of Graph's `errorCode`, decoded. `number` is the error number of the protocol, if it is known."""

    code: int
    hexadecimal: str
    family: str
    number: int | None
    words: str


def decode(code: int, *, connector: Mapping[int, str]) -> ErrorNumber:
    """The meaning of a number. `connector`: the meanings of the connector's numbers. An unknown number is no error."""
    unsigned = code & 0xFFFFFFFF
    low = unsigned & 0xFFFF
    family, number, words = "unknown", None, "a number that no list contains"
    if code == REMEDIATION_FAILED:
        family, words = "intune", "remediation failed: the number alone does not say why"
    elif code in connector:
        family, number, words = "connector", low, connector[code]
    elif unsigned >> 16 == _FACILITY and low <= _SYNCML_ENDS:
        family, number, words = "syncml", low, SYNCML.get(low, "a status of OMA-DM that no list contains")
    elif unsigned >> 16 == _FACILITY and low >= _APPLE_BEGINS:
        number = low - _APPLE_BEGINS
        family, words = "apple", APPLE.get(number, "an error of Apple's MDM that no list contains")
    return ErrorNumber(code, f"0x{unsigned:08X}", family, number, words)
