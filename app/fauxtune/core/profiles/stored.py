"""Kinds of profiles without certificates: stored, assigned and reported, but never delivered.

Graph: the deviceConfiguration subtypes of v1.0. Differs from Intune: their settings reach no device; the status of such
a profile on a device of its own platform is "not applicable".
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.profiles.family import Family


def _check(_document: dict[str, Any]) -> None:
    """Accept every setting: nothing here depends on it."""


FAMILY = Family(name="stored", check=_check, items=lambda _profile, _recipient: ())


def with_encryption_state(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the properties that the service adds to each custom setting. Graph: omaSetting.

    Differs from Intune: no value is encrypted, and v1.0 shows the two as beta does.
    """
    settings = document.get("omaSettings")
    if not isinstance(settings, list):
        return document
    known = [
        {**setting, "isEncrypted": False, "secretReferenceValueId": None} if isinstance(setting, dict) else setting
        for setting in settings
    ]
    return {**document, "omaSettings": known}
