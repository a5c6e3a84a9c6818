"""OMA-DM's numbers and Windows' nodes in words. OMA-TS-DM_RepPro 1.2 10; MS-MDM 2.2; Windows: CSP reference.

#: data
"""

from __future__ import annotations

from fauxtune.core.engine.diagnosis.numbers import SYNCML

STATUSES: dict[str, str] = {
    "200": "done",
    "202": "accepted, and carried out later",
    "212": "the credentials are accepted",
    "213": "a part of the data is received, the rest is awaited",
    "214": "cancelled",
    "215": "not carried out",
    "216": "rolled back",
    **{str(number): words for number, words in SYNCML.items()},
}

ALERTS: dict[str, str] = {
    "1200": "the server began the session",
    "1201": "the device began the session",
    "1222": "the next message, please",
    "1223": "the session is aborted",
    "1224": "an event of the client",
    "1226": "a message of the client",
}

#: The roots of nodes, in words.
ROOTS: dict[str, str] = {
    "./Device/Vendor/MSFT/": "device: ",
    "./Vendor/MSFT/": "device: ",
    "./User/Vendor/MSFT/": "user: ",
    "./": "",
}
