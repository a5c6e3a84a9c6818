"""Subscriptions to changes of the directory.

Source: Graph reference: subscription; "Set up notifications for changes in resource data" (2024-12-27).

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import ALWAYS_NULL, approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

SUBSCRIPTIONS = (
    Overlay(
        "subscription",
        server="applicationId creatorId",
        required="changeType expirationDateTime notificationUrl resource",
        never_null="changeType expirationDateTime notificationUrl resource",
        defaults={"includeResourceData": None},
        different={
            approximated("users, groups and devices; of devices no document says that they can be subscribed to"): (
                "resource"
            ),
            approximated("the application's, if it acts on its own: not that of its service principal"): "creatorId",
            approximated("https, and http on this machine; localhost and hosts that a setting names"): (
                "notificationUrl lifecycleNotificationUrl"
            ),
            approximated("refused: the directory's objects have no encrypted resource data"): (
                "includeResourceData encryptionCertificate encryptionCertificateId"
            ),
            approximated("refused"): "notificationQueryOptions notificationUrlAppId",
            stored("the version of TLS is what both sides know"): "latestSupportedTlsVersion",
            ALWAYS_NULL: "notificationContentType",
            stored("notifications go to webhooks alone"): (
                "vapidPublicKey webPushEncryptionP256dhPublicKey webPushEncryptionSecret"
            ),
        },
    ),
)
