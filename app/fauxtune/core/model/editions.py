"""Editions: which year's Intune a tenant behaves like. Every rule that changed since April 2020 asks for it.

Microsoft's documents changed from 2020 on: what a wipe or a retire is offered for, what is removed and revoked, which
connectors there are, what a variable stands for. A tenant goes by one edition (its setting `edition`). What differs is
data beside the rule that uses it, with the document and date of each side.
"""

from __future__ import annotations

from enum import StrEnum


class Edition(StrEnum):
    """The state of Microsoft's documentation that a tenant goes by.

    `2020-04` is the month of the S/MIME overview of 2020-04-20, with the pages that were public then. `current` is the
    documentation as it was read on 2026-11-26.
    """

    APRIL_2020 = "2020-04"
    CURRENT = "current"
