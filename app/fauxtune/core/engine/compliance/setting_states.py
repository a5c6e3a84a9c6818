"""The state of one setting on one device, as it is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from fauxtune.core.engine.compliance.comparisons import Outcome
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.model.text import JsonObject

#: errorCode of a setting whose value could not be compared. Unverified: the number of the real service (0x87D1FDE8,
#: "remediation failed", as a signed number).
NOT_COMPARED = -2016281112
#: errorCode of a rule of a script. Intune: "Use custom compliance settings", 2024-05-15: the script ended with a
#: failure; the setting is not in what it printed; that is no JSON; a value has another data type.
SCRIPT_FAILED, NOT_PRINTED, NO_JSON, WRONG_TYPE = 65007, 65008, 65009, 65010
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class SettingState:
    """The state of one setting. `value`: the device's, as a text; `error`: why it could not be compared, and `code` the
    number of that, which counts only in an error.
    """

    setting: str
    status: Status
    value: str | None = None
    error: str = ""
    code: int = NOT_COMPARED

    @classmethod
    def of(cls, setting: str, outcome: Outcome) -> Self:
        """Return the state that follows from a comparison."""
        value = outcome.value if outcome.value is None else outcome.value[:_LONGEST]
        return cls(setting, outcome.status, value, outcome.error)

    @classmethod
    def from_document(cls, document: JsonObject) -> Self:
        """Read what `document` wrote. What an imported state has in its place is unknown."""
        status, value = str(document.get("status")), document.get("value")
        known = Status(status) if status in set(Status) else Status.UNKNOWN
        text, code = value if isinstance(value, str) else None, document.get("code")
        number = code if isinstance(code, int) else NOT_COMPARED
        return cls(str(document.get("setting", "")), known, text, str(document.get("error", "")), number)

    def document(self) -> JsonObject:
        """Return the state as it is stored."""
        written: JsonObject = {"setting": self.setting, "status": self.status.value}
        if self.value is not None:
            written["value"] = self.value
        if self.error:
            written["error"] = self.error
        return written if self.code == NOT_COMPARED else {**written, "code": self.code}
