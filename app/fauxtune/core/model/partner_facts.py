"""The names of facts of a device that other services report: a partner's threat level, the attested health of Windows,
the verdict of Play Integrity, and what a script of a compliance policy printed.
"""

from __future__ import annotations

SCRIPT_OUTPUT = "complianceScriptOutput"
#: A JSON object: by the ids of the scripts of compliance policies whose last run brought no values, the error code.
SCRIPT_ERRORS = "complianceScriptErrors"
#: data. Those that are true or false, and those that are texts.
FLAGS = (
    "isBitLockerEnabled",
    "isCodeIntegrityEnabled",
    "isEarlyLaunchAntimalwareEnabled",
    "isFirmwareProtectionEnabled",
    "isKernelDmaProtectionEnabled",
    "isMemoryIntegrityEnabled",
)
TEXTS = (SCRIPT_OUTPUT, SCRIPT_ERRORS, "playIntegrityVerdict")
PARTNER_FACTS = frozenset({*FLAGS, *TEXTS, "partnerReportedThreatState"})
