"""From the core's errors to the refusals of Windows enrolment: SOAP faults (MS-MDE2 3.1.1).

A client makes its HRESULT from the subcode: MessageFormat 80180001, Authentication 80180002, Authorization 80180003,
CertificateRequest 80180004, EnrollmentServer 80180005, InternalServiceFault 80180006, InvalidSecurity 80180007; or from
ErrorType: DeviceCapReached 80180013, DeviceNotSupported 80180014, NotSupported 80180015, NotEligibleToRenew 80180016,
InMaintenance 80180017, UserLicense 80180018, InvalidEnrollmentData 80180019. An OMA-DM session is refused in its
header; requests that are no message get plain text.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fauxtune.core import errors
from fauxtune.core.formats.xml import Malformed
from fauxtune.surfaces.devices.windows.messages.soap import MEDIA_TYPE, Fault, fault
from fauxtune.surfaces.devices.windows.tenant_lookup import PATH

_DEFECT = "Something went wrong inside the emulator; its log has the details."
#: Subcode and ErrorType of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], str, str | None], ...] = (
    (errors.EnrollmentEnded, "s:EnrollmentServer", "NotEligibleToRenew"),
    (errors.Unauthenticated, "s:Authentication", None),
    (errors.NotLicensed, "s:Authorization", "UserLicense"),
    (errors.EnrollmentRestricted, "s:Authorization", "DeviceNotSupported"),
    (errors.NotAllowed, "s:Authorization", None),
    (errors.NotFound, "s:EnrollmentServer", None),
    (errors.Conflict, "s:EnrollmentServer", None),
    (errors.Invalid, "s:MessageFormat", None),
    (errors.Unavailable, "s:EnrollmentServer", "InMaintenance"),
    (errors.NotEmulated, "s:EnrollmentServer", "NotSupported"),
)
#: The more precise subcodes of Invalid, by its target.
TARGETS: dict[str, tuple[str, str | None]] = {
    "security": ("a:InvalidSecurity", None),
    "csr": ("s:CertificateRequest", None),
    "policies": ("s:EnrollmentServer", "NotSupported"),
    "context": ("s:EnrollmentServer", "InvalidEnrollmentData"),
}
_CAP = "deviceLimitReached"
#: For answers without an envelope: messages of sessions, and the sign-in page.
_PLAIN: tuple[tuple[type[Exception], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.NotFound, 404),
    (errors.NotAllowed, 403),
    (errors.Unavailable, 503),
    (errors.NotEmulated, 501),
    (errors.FauxtuneError, 400),
)


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal: HTTP 500 for a fault, as in SOAP 1.2; 200 if the request has no Content-Type, because clients
    without one read no fault with another status; 400 for malformed XML. A path that is switched off is 500 for
    everybody: such clients look at the status only, and would believe that they are enrolled.
    """
    if request.url.path.lower().endswith(
        ("/managementserver/mdm.svc", "/management", "/auth", "/autopilot", "/escrow")
    ):
        return _plain(error)
    state = request.scope.get("state", {})
    content = _fault(error)
    document = fault(content, relates_to=state.get("message_id", ""), activity=state.get("request_id", ""))
    return Response(document, _status(request, error), media_type=MEDIA_TYPE)


def _fault(error: Exception) -> Fault:
    target = getattr(error, "target", None)
    if isinstance(error, errors.Invalid) and target in TARGETS:
        subcode, error_type = TARGETS[target]
        return Fault(subcode, str(error), error_type)
    if isinstance(error, errors.EnrollmentRestricted) and error.ground == _CAP:
        return Fault("s:Authorization", str(error), "DeviceCapReached")
    for kind, subcode, error_type in TABLE:
        if isinstance(error, kind):
            return Fault(subcode, str(error), error_type)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Fault("s:MessageFormat", str(error.detail))
    return Fault("a:InternalServiceFault", str(getattr(error, "detail", _DEFECT)))


def _status(request: Request, error: Exception) -> int:
    if isinstance(error, Malformed):
        return 400
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, errors.DatabaseUnavailable):
        return 503
    if request.method != "POST":
        return 404
    is_off = isinstance(error, errors.NotFound) and error.target == PATH
    return 500 if is_off or "content-type" in request.headers else 200


def _plain(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return PlainTextResponse(str(error.detail), error.status_code)
    status = next((code for kind, code in _PLAIN if isinstance(error, kind)), 500)
    return PlainTextResponse(str(error) if isinstance(error, errors.FauxtuneError) else _DEFECT, status)
