"""Kinds that have nothing to do with certificates: kept, assigned and reported, and never delivered.

Graph: the deviceConfiguration subtypes of v1.0. Differs from Intune: their settings reach no device; the status of such
a profile on a device of its own platform is "not applicable".
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.profiles.world import Family


def _check(_document: dict[str, Any]) -> None:
    """No opinion about settings that nothing here acts upon."""


FAMILY = Family(name="stored", check=_check, items=lambda _profile, _world: ())


def told(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what the service says of each custom setting beside its value. Graph: omaSetting.

    Differs from Intune: no value is encrypted, and v1.0 shows the two as beta does.
    """
    settings = document.get("omaSettings")
    if not isinstance(settings, list):
        return document
    known = [
        {**each, "isEncrypted": False, "secretReferenceValueId": None} if isinstance(each, dict) else each
        for each in settings
    ]
    return {**document, "omaSettings": known}
