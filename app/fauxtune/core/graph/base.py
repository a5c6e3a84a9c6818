"""Values that many types of Graph share."""

from __future__ import annotations

from fauxtune.core.odata.schema.types import NEVER

#: What Graph shows for "no end".
NO_END = "9999-12-31T23:59:59.0000000Z"

_TARGETS = (
    "groupAssignmentTarget exclusionGroupAssignmentTarget allDevicesAssignmentTarget allLicensedUsersAssignmentTarget"
)
#: What `$WORD` stands for in types.txt: a sentence on scope tags, the targets that apps and profiles can have and the
#: further one of profiles, moments.
WORDS = {
    "TAGS": "a tag hides nothing, and need not exist",
    "TARGETS": _TARGETS,
    "ALL_TARGETS": f"{_TARGETS} configurationManagerCollectionAssignmentTarget",
    "NEVER": NEVER,
    "NO_END": NO_END,
}
