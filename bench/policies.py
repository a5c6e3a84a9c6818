"""Lists of policies over HTTP on SQLite: a page of 1,000 of 10,000 profiles, and of policies of the settings catalog.

Answers are cached until something is written, as lists of devices are: the floor is the same bytes from memory.
Another row of each collection shows the processor time of a page that is not in the cache.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench import world
from bench.graph import cached_page, insert, new_pages
from bench.rows import Row

_POLICIES, _PAGE = 10_000, 1_000
_SERVICE = "/beta/deviceManagement"
_SETTINGS = "#microsoft.graph.deviceManagementConfiguration"
_DEFENDER = "device_vendor_msft_policy_config_defender"
#: data. Profiles of usual kinds, with what administrators set.
_PROFILES: tuple[dict[str, Any], ...] = (
    {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration", "cameraBlocked": True, "passcodeRequired": True},
    {"@odata.type": "#microsoft.graph.androidWorkProfileGeneralDeviceConfiguration", "passwordRequired": True},
    {"@odata.type": "#microsoft.graph.windowsUpdateForBusinessConfiguration", "qualityUpdatesDeferralPeriodInDays": 3},
    {
        "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
        "omaSettings": [
            {
                "@odata.type": "#microsoft.graph.omaSettingInteger",
                "displayName": f"Setting {number}",
                "omaUri": f"./Device/Vendor/MSFT/Policy/Config/Contoso/Setting{number}",
                "value": number,
            }
            for number in range(5)
        ],
    },
)


def rows() -> Iterator[Row]:
    """Two rows for each collection: its first page, and pages that are not in the cache."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        with world.server(folder=folder) as server:
            _create(server.client())
        for table in ("profiles", "resources"):
            _multiply(folder, table=table)
        with world.server(folder=folder) as server:
            client = server.client()
            for collection in ("deviceConfigurations", "configurationPolicies"):
                url = f"{_SERVICE}/{collection}?$top={_PAGE}"
                words = f"1,000 of 10,000 {collection}"
                yield cached_page(server, client, url=url, folder=folder, name=words)
                yield new_pages(server, client, url=url)


def _create(client: httpx.Client) -> None:
    for body in _PROFILES:
        client.post(f"{_SERVICE}/deviceConfigurations", json={"displayName": "A profile", **body}).raise_for_status()
    policy = {
        "name": "A policy",
        "platforms": "windows10",
        "technologies": "mdm",
        "settings": [{"@odata.type": f"{_SETTINGS}Setting", "settingInstance": instance} for instance in _instances()],
    }
    client.post(f"{_SERVICE}/configurationPolicies", json=policy).raise_for_status()


def _instances() -> Sequence[dict[str, Any]]:
    """Return ten values of settings."""
    scanning = f"{_DEFENDER}_allowarchivescanning"
    paths = [{"@odata.type": f"{_SETTINGS}StringSettingValue", "value": f"C:\\Build {number}"} for number in range(9)]
    return (
        {
            "@odata.type": f"{_SETTINGS}ChoiceSettingInstance",
            "settingDefinitionId": scanning,
            "choiceSettingValue": {"value": f"{scanning}_1", "children": []},
        },
        {
            "@odata.type": f"{_SETTINGS}SimpleSettingCollectionInstance",
            "settingDefinitionId": f"{_DEFENDER}_excludedpaths",
            "simpleSettingCollectionValue": paths,
        },
    )


def _multiply(folder: Path, *, table: str) -> None:
    """Copy the policies in turn until there are ten thousand: to create so many takes most of the benchmark's time."""
    with closing(sqlite3.connect(folder / "fauxtune.sqlite")) as database:
        database.row_factory = sqlite3.Row
        templates = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
        for number in range(len(templates), _POLICIES):
            row = templates[number % len(templates)]
            document = {**json.loads(row["document"]), "id": str(uuid4())}
            insert(database, table, row={**row, "id": document["id"], "document": json.dumps(document)})
        database.commit()
