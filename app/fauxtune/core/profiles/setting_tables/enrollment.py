"""What a Windows PC is given of enrolment configurations beside the rows of `enrollment.txt`: the node of remedies.

Microsoft: "DMClient CSP" (FirstSyncStatus).
"""

from __future__ import annotations

HELLO = "deviceEnrollmentWindowsHelloForBusinessConfiguration"
STATUS_PAGE = "windows10EnrollmentCompletionPageConfiguration"
#: The node that says what a user may do when the status page fails, and the bits of it.
REMEDIES = "./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/FirstSyncStatus/BlockInStatusPage"
RESET, TRY_AGAIN, CONTINUE = 1, 2, 4
