"""Reports: export jobs and configurations of cached reports.

Source: Graph reference: deviceManagementExportJob, deviceManagementCachedReportConfiguration; "Export Intune reports
using Graph APIs" (2021-12-16).

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.overlay import Overlay

_STEPS = approximated("one step nearer to completed each time that it is asked for")

REPORTS = (
    Overlay(
        "deviceManagementExportJob",
        server="expirationDateTime requestDateTime status url",
        required="reportName",
        never_null="reportName",
        different={
            _STEPS: "status",
            approximated("of this server, in the form of a shared access signature"): "url",
            approximated("csv and json: pdf is refused"): "format",
            stored("a report is made from the data of the moment"): "snapshotId search",
        },
    ),
    Overlay(
        "deviceManagementCachedReportConfiguration",
        server="expirationDateTime lastRefreshDateTime status",
        different={
            _STEPS: "status",
            approximated("three days after it was configured"): "expirationDateTime",
            approximated("when it was configured: a cached report is read from the data of the moment"): (
                "lastRefreshDateTime"
            ),
            stored("nothing reads it"): "metadata",
        },
    ),
)
