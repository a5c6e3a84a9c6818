"""Outlook for iOS and Android as apps of a tenant: what an app configuration is for.

Unverified: the ids, which are a tenant's own in the real service.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutlookApp:
    """One of the two apps. `identifier`: the bundle of iOS or the package of Android; `configured_by`: the type of its
    app configurations.
    """

    id: str
    name: str
    identifier: str
    store: str
    configured_by: str


FOR_IOS = OutlookApp(
    id="c0ffee00-0000-4000-8000-000000a99105",
    name="Microsoft Outlook",
    identifier="com.microsoft.Office.Outlook",
    store="https://apps.apple.com/app/microsoft-outlook/id951937596",
    configured_by="iosMobileAppConfiguration",
)
FOR_ANDROID = OutlookApp(
    id="c0ffee00-0000-4000-8000-000000a99ad0",
    name="Microsoft Outlook",
    identifier="com.microsoft.office.outlook",
    store="https://play.google.com/store/apps/details?id=com.microsoft.office.outlook",
    configured_by="androidManagedStoreAppConfiguration",
)
APPS = (FOR_IOS, FOR_ANDROID)
