"""The management agents, by the kind of device, and how often each asks by itself.

Source: Intune: "Intune management extension for Windows" (it asks each hour for what it runs), "Microsoft Intune
management agent for macOS" (usually every 8 hours, apart from the check-in of MDM).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from fauxtune.core.model.platforms import Variant

#: The time between two requests. The documents disagree about Windows: "Win32 app management overview" (2026-02-06) has
#: an hour, "Intune management extension" (2026-04-07) 8 hours.
AGENTS: Mapping[Variant, timedelta] = {Variant.WINDOWS: timedelta(hours=1), Variant.MACOS: timedelta(hours=8)}
