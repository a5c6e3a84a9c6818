"""What Graph shows of Microsoft Defender Antivirus on a Windows device.

Source: Graph: windowsProtectionState; the metadata for the types, all of which can be null.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY
from fauxtune.core.odata.schema.fidelity import ALWAYS_NULL, EXACT, Fidelity, approximated
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Navigation, Owner, Property

_FORM = approximated("read where the device writes it as ISO 8601: the form of the node is not documented")


def _state(name: str, kind: Edm | EnumType = Edm.BOOLEAN, *, fidelity: Fidelity = EXACT) -> Property:
    return Property(name, kind, owner=Owner.SERVER, fidelity=fidelity)


#: The properties that the device reports: nodes of the Defender CSP, below Health.
REPORTED = (
    _state("malwareProtectionEnabled"),
    _state("deviceState", enums.WINDOWS_DEVICE_HEALTH_STATE),
    _state("realTimeProtectionEnabled"),
    _state("networkInspectionSystemEnabled"),
    _state("quickScanOverdue"),
    _state("fullScanOverdue"),
    _state("signatureUpdateOverdue"),
    _state("rebootRequired"),
    _state("fullScanRequired"),
    _state("engineVersion", Edm.STRING),
    _state("signatureVersion", Edm.STRING),
    _state("antiMalwareVersion", Edm.STRING),
    _state("lastQuickScanDateTime", Edm.DATE_TIME, fidelity=_FORM),
    _state("lastFullScanDateTime", Edm.DATE_TIME, fidelity=_FORM),
    _state("lastQuickScanSignatureVersion", Edm.STRING),
    _state("lastFullScanSignatureVersion", Edm.STRING),
    _state("productStatus", enums.WINDOWS_DEFENDER_PRODUCT_STATUS),
    _state("isVirtualMachine"),
    _state("tamperProtectionEnabled"),
)
WINDOWS_PROTECTION_STATE = Entity(
    "windowsProtectionState",
    (
        *REPORTED,
        _state("lastReportedDateTime", Edm.DATE_TIME),
        _state("controlledConfigurationEnabled", fidelity=ALWAYS_NULL),
    ),
    base=ENTITY,
    source="Graph: windowsProtectionState",
    navigations=(Navigation("detectedMalwareState", "windowsDeviceMalwareState", collection=True, contained=True),),
)
