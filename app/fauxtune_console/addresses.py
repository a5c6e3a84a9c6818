"""Where the console's pages are that belong to no tenant, and the cookie of their language."""

from __future__ import annotations

PATH = "/console"
#: What belongs to no tenant: no tenant's name begins with a hyphen. Where students sign in, and leave a seat; the pages
#: of instructors.
SEATS, LEAVE, CLASSROOMS = f"{PATH}/-/seat", f"{PATH}/-/leave", f"{PATH}/-/classrooms"
#: What chooses the language of the pages, and the cookie that keeps it.
LANGUAGE, LANGUAGE_COOKIE = f"{PATH}/-/language", "fauxtune_language"
