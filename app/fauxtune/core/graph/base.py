"""Values that the overlays of several areas share."""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import stored

#: What Graph shows for "no end".
NO_END = "9999-12-31T23:59:59.0000000Z"
#: Scope tags, wherever something carries them.
TAGS_HIDE_NOTHING = stored("a tag hides nothing, and need not exist")
