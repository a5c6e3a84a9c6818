"""Which fault says what, and what is answered where no fault can be."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from fauxtune.core import errors
from fauxtune.core.formats.xml import Malformed
from fauxtune.surfaces.devices.windows.errors import refuse
from tests.support.devices.windows import anywhere, text

ENROLL, MANAGE = "/mdm/contoso/windows/EnrollmentServer/Enrollment.svc", "/mdm/contoso/windows/ManagementServer/MDM.svc"


def request(path: str, *, named: bool = True, method: str = "POST") -> Request:
    headers = [(b"content-type", b"application/soap+xml")] if named else []
    state = {"message_id": "urn:uuid:1", "request_id": "r"}
    return Request(
        {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "state": state}
        | {"scheme": "https", "server": ("localhost", 8443)}
    )


@pytest.mark.parametrize(
    ("error", "subcode", "kind"),
    [
        (errors.Unauthenticated("No."), "s:Authentication", ""),
        (errors.NotLicensed("No."), "s:Authorization", "UserLicense"),
        (errors.NotAllowed("No."), "s:Authorization", ""),
        (errors.EnrollmentRestricted("No.", ground="deviceLimitReached"), "s:Authorization", "DeviceCapReached"),
        (errors.EnrollmentRestricted("No.", ground="platformBlocked"), "s:Authorization", "DeviceNotSupported"),
        (errors.EnrollmentEnded("No."), "s:EnrollmentServer", "NotEligibleToRenew"),
        (errors.Invalid("No."), "s:MessageFormat", ""),
        (errors.Invalid("No.", target="csr"), "s:CertificateRequest", ""),
        (errors.Invalid("No.", target="security"), "a:InvalidSecurity", ""),
        (errors.Invalid("No.", target="context"), "s:EnrollmentServer", "InvalidEnrollmentData"),
        (errors.Invalid("No.", target="policies"), "s:EnrollmentServer", "NotSupported"),
        (errors.Unavailable("No."), "s:EnrollmentServer", "InMaintenance"),
        (errors.NotEmulated("No."), "s:EnrollmentServer", "NotSupported"),
        (errors.Conflict("No."), "s:EnrollmentServer", ""),
    ],
)
def test_a_fault_says_what_is_wrong(error: Exception, subcode: str, kind: str) -> None:
    for named, status in ((True, 500), (False, 200)):
        answer = refuse(request(ENROLL, named=named), error)
        assert (answer.status_code, answer.media_type) == (status, "application/soap+xml; charset=utf-8")
        root = ElementTree.fromstring(bytes(answer.body))
        fault = anywhere(root, "Fault")
        assert (text(fault, "Code", "Subcode", "Value"), text(fault, "Reason", "Text")) == (subcode, "No.")
        assert text(fault, "Detail", "DeviceEnrollmentServiceError", "ErrorType") == kind
        assert anywhere(root, "RelatesTo").text == "urn:uuid:1"


@pytest.mark.parametrize(
    ("error", "status", "subcode"),
    [
        (Malformed("No."), 400, "s:MessageFormat"),
        (HTTPException(413, "No."), 413, "s:MessageFormat"),
        (HTTPException(500, "No."), 500, "a:InternalServiceFault"),
        (HTTPException(503, "No."), 503, "a:InternalServiceFault"),
    ],
)
def test_what_is_no_message_keeps_its_status(error: Exception, status: int, subcode: str) -> None:
    answer = refuse(request(ENROLL, named=False), error)
    fault = anywhere(ElementTree.fromstring(bytes(answer.body)), "Fault")
    assert (answer.status_code, text(fault, "Code", "Subcode", "Value")) == (status, subcode)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Malformed("No."), 400),
        (errors.NotFound("No."), 404),
        (errors.NotAllowed("No."), 403),
        (errors.Unavailable("No."), 503),
        (errors.NotEmulated("No."), 501),
        (HTTPException(413, "No."), 413),
    ],
)
def test_a_message_of_a_session_that_cannot_be_answered_gets_words(error: Exception, status: int) -> None:
    answer = refuse(request(MANAGE), error)
    assert (answer.status_code, answer.body, answer.headers["content-length"]) == (status, b"No.", "3")
    broken = refuse(request(MANAGE), RuntimeError("a secret"))
    assert (broken.status_code, b"secret" in bytes(broken.body)) == (500, False)
