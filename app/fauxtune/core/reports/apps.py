"""The reports of apps, and of apps on devices.

Columns and filters: "Intune reports and properties available using Graph API" (2021-11-02). A row of an app has its
document (`app`), and how many devices and users have it in each state; a row of an app on a device has the state and
the document of the device. Unverified: the values of most columns, and the columns of the report action.

#: data
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fauxtune.core.reports import report
from fauxtune.core.reports.report import Column, Kind, Report, Row, Source

#: By how the name of a kind begins; the first that fits counts.
_PLATFORMS = {
    "android": "Android",
    "managedAndroid": "Android",
    "ios": "iOS/iPadOS",
    "managedIOS": "iOS/iPadOS",
    "mac": "macOS",
    "win": "Windows",
    "office": "Windows",
    "microsoftStore": "Windows",
}
_STATES = {
    "installed": "Installed",
    "failed": "Failed",
    "notInstalled": "Not installed",
    "uninstallFailed": "Uninstall failed",
    "pendingInstall": "Install pending",
    "notApplicable": "Not applicable",
    "unknown": "Unknown",
}
_FAILED = ("failed", "uninstallFailed")


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name)


def _of_app(name: str) -> Callable[[Row], Any]:
    return lambda row: row["app"].get(name)


def _of_device(name: str) -> Callable[[Row], Any]:
    return lambda row: row["device"].get(name)


def _version(row: Row) -> Any:
    app = row["app"]
    return app.get("displayVersion") or app.get("versionName") or app.get("version")


def _store(row: Row) -> Any:
    return row["app"].get("appStoreUrl") or row["app"].get("appUrl")


def _platform(row: Row) -> str:
    kind = row["kind"]
    return next((name for begin, name in _PLATFORMS.items() if kind.startswith(begin)), "Unknown")


def _platform_number(row: Row) -> int:
    """The number that the documents give to the same operating systems."""
    return {"Windows": 1, "iOS/iPadOS": 2, "Android": 3, "macOS": 4}.get(_platform(row), 0)


def _count(of: str, *states: str) -> Callable[[Row], int]:
    return lambda row: sum(row[of].get(state, 0) for state in states)


def _percentage(row: Row) -> int:
    devices = sum(row["devices"].values())
    return round(100 * _count("devices", *_FAILED)(row) / devices) if devices else 0


def _code(row: Row) -> str:
    return f"0x{(row['errorCode'] or 0) & 0xFFFFFFFF:08X}"


def _nothing(_row: Row) -> None:
    return None


def _never(_row: Row) -> bool:
    return False


_APPS = (
    Column("AppIdentifier", _of_app("id")),
    Column("Name", _of_app("displayName")),
    Column("Publisher", _of_app("publisher")),
    Column("Platform", _platform),
    Column("Status", _of_app("publishingState")),
    Column("Type", _of("kind")),
    Column("Version", _version),
    Column("Description", _of_app("description")),
    Column("Developer", _of_app("developer")),
    Column("FeaturedApp", _of_app("isFeatured"), Kind.FLAG),
    Column("Notes", _of_app("notes")),
    Column("Owner", _of_app("owner")),
    Column("DateCreated", _of_app("createdDateTime"), Kind.MOMENT),
    Column("LastModified", _of_app("lastModifiedDateTime"), Kind.MOMENT),
    Column("ExpirationDate", _of_app("expirationDateTime"), Kind.MOMENT),
    Column("MoreInformationURL", _of_app("informationUrl")),
    Column("PrivacyInformationURL", _of_app("privacyInformationUrl")),
    Column("StoreURL", _store),
    Column("Assigned", _of("isAssigned"), Kind.FLAG),
)
_COUNTS = (
    Column("ApplicationId", _of_app("id")),
    Column("DisplayName", _of_app("displayName")),
    Column("Publisher", _of_app("publisher")),
    Column("Platform", _platform_number, Kind.INTEGER, _platform),
    Column("AppVersion", _version),
    Column("InstalledDeviceCount", _count("devices", "installed"), Kind.INTEGER),
    Column("InstalledUserCount", _count("users", "installed"), Kind.INTEGER),
    Column("FailedDeviceCount", _count("devices", *_FAILED), Kind.INTEGER),
    Column("FailedUserCount", _count("users", *_FAILED), Kind.INTEGER),
    Column("PendingInstallDeviceCount", _count("devices", "pendingInstall"), Kind.INTEGER),
    Column("PendingInstallUserCount", _count("users", "pendingInstall"), Kind.INTEGER),
    Column("NotApplicableDeviceCount", _count("devices", "notApplicable"), Kind.INTEGER),
    Column("NotApplicableUserCount", _count("users", "notApplicable"), Kind.INTEGER),
    Column("NotInstalledDeviceCount", _count("devices", "notInstalled"), Kind.INTEGER),
    Column("NotInstalledUserCount", _count("users", "notInstalled"), Kind.INTEGER),
    Column("FailedDevicePercentage", _percentage, Kind.INTEGER),
)
_APPLICATION = Column("ApplicationId", _of_app("id"), hidden=True)
_STATE = (report.number("state", "resultantAppState"), Kind.INTEGER, report.word("state", _STATES))
_INSTALLS = (
    Column("DeviceName", _of_device("deviceName")),
    Column("UserPrincipalName", _of_device("userPrincipalName")),
    Column("Platform", _of_device("operatingSystem")),
    Column("AppVersion", _of("version")),
    Column("DeviceId", _of_device("id")),
    Column("AssignmentFilterIdsExist", _never, Kind.FLAG),
    Column("LastModifiedDateTime", _of("changedAt"), Kind.MOMENT),
)
_CODE = Column("HexErrorCode", _code)

APP_REPORTS = (
    Report("AllAppsList", Source.APPS, _APPS),
    Report(
        "AppInstallStatusAggregate", Source.APPS, _COUNTS, ("Platform", "FailedDevicePercentage"), keeps=_of("devices")
    ),
    Report(
        "DeviceInstallStatusByApp",
        Source.APP_DEVICES,
        (
            *_INSTALLS,
            Column("AppInstallState", *_STATE),
            Column("AppInstallStateDetails", _of("reason")),
            _CODE,
            _APPLICATION,
        ),
        ("ApplicationId", "AppInstallState", "HexErrorCode"),
        required="ApplicationId",
    ),
)
#: What report actions answer with, and no job exports under these names.
APP_TABLES = (
    Report(
        "AppStatusOverview",
        Source.APPS,
        (
            Column("ApplicationId", _of_app("id")),
            *(count for count in _COUNTS if count.name.endswith("DeviceCount")),
        ),
        ("ApplicationId",),
        required="ApplicationId",
    ),
    Report(
        "UserInstallStatus",
        Source.APP_USERS,
        (
            Column("UserName", _of_device("userDisplayName")),
            Column("UserPrincipalName", _of_device("userPrincipalName")),
            Column("UserId", _of_device("userId")),
            Column("ApplicationId", _of_app("id")),
            Column("InstalledCount", _count("states", "installed"), Kind.INTEGER),
            Column("FailedCount", _count("states", *_FAILED), Kind.INTEGER),
            Column("PendingInstallCount", _count("states", "pendingInstall"), Kind.INTEGER),
            Column("NotInstalledCount", _count("states", "notInstalled"), Kind.INTEGER),
            Column("NotApplicableCount", _count("states", "notApplicable"), Kind.INTEGER),
        ),
        ("ApplicationId", "UserId", "UserName", "UserPrincipalName"),
        required="ApplicationId",
    ),
    Report(
        "DeviceInstallStatus",
        Source.APP_DEVICES,
        (
            *_INSTALLS,
            Column("UserName", _of_device("userDisplayName")),
            Column("UserId", _of_device("userId")),
            Column("ApplicationId", _of_app("id")),
            Column("InstallState", *_STATE),
            Column("InstallStateDetail", _of("reason")),
            Column("ErrorCode", _of("errorCode"), Kind.INTEGER),
            _CODE,
        ),
        ("ApplicationId", "InstallState", "ErrorCode", "HexErrorCode", "DeviceId", "UserId"),
        required="ApplicationId",
    ),
)
