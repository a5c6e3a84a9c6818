"""The kinds of v1.0 without certificates: stored as they are sent.

Source: Graph v1.0 metadata. None of them gives a device a certificate, so their settings are not checked: the types
are open. `iosCertificateProfile`, the 26th, is among Apple's kinds, which derive from it.
"""

from __future__ import annotations

from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION
from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.types import Entity

_STORED = stored("stored and shown as it was sent; on a device it is not applicable")


def _kept(name: str, *, base: Entity = DEVICE_CONFIGURATION, abstract: bool = False) -> Entity:
    return Entity(
        name,
        base=base,
        abstract=abstract,
        open=True,
        polymorphic=True,
        source=f"Graph: {name}",
        fidelity=_STORED,
    )


APPLE_DEVICE_FEATURES_BASE = _kept("appleDeviceFeaturesConfigurationBase", abstract=True)

PROFILES = (
    APPLE_DEVICE_FEATURES_BASE,
    _kept("androidCustomConfiguration"),
    _kept("androidGeneralDeviceConfiguration"),
    _kept("androidWorkProfileCustomConfiguration"),
    _kept("androidWorkProfileGeneralDeviceConfiguration"),
    _kept("editionUpgradeConfiguration"),
    _kept("iosCustomConfiguration"),
    _kept("iosDeviceFeaturesConfiguration", base=APPLE_DEVICE_FEATURES_BASE),
    _kept("iosGeneralDeviceConfiguration"),
    _kept("iosUpdateConfiguration"),
    _kept("macOSCustomConfiguration"),
    _kept("macOSDeviceFeaturesConfiguration", base=APPLE_DEVICE_FEATURES_BASE),
    _kept("macOSGeneralDeviceConfiguration"),
    _kept("sharedPCConfiguration"),
    _kept("windows10CustomConfiguration"),
    _kept("windows10EndpointProtectionConfiguration"),
    _kept("windows10EnterpriseModernAppManagementConfiguration"),
    _kept("windows10GeneralConfiguration"),
    _kept("windows10SecureAssessmentConfiguration"),
    _kept("windows10TeamGeneralConfiguration"),
    _kept("windows81GeneralConfiguration"),
    _kept("windowsDefenderAdvancedThreatProtectionConfiguration"),
    _kept("windowsPhone81CustomConfiguration"),
    _kept("windowsPhone81GeneralConfiguration"),
    _kept("windowsUpdateForBusinessConfiguration"),
)
