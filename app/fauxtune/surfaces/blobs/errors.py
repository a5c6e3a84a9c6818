"""From the core's errors to Azure's storage: XML with a code, which is repeated in the header x-ms-error-code.

Source: Azure: "Status and error codes", "Common REST API error codes", "Blob Storage error codes".
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors
from fauxtune.core.clock import iso
from fauxtune.operations.runtime.contents import VERSION, PermissionMissing, SignatureRefused
from fauxtune.storage.contents import TooLarge, UnknownBlock
from fauxtune.surfaces.blobs import messages
from fauxtune.surfaces.http import emulator_of


class HeaderMissing(errors.Invalid):
    """A header is missing that the request must have."""


class HeaderRefused(errors.Invalid):
    """A header has a value that it cannot have."""


class DigestDiffers(errors.Invalid):
    """The body is not the one whose MD5 the request names."""


class RangeRefused(errors.Invalid):
    """The range is not in the blob."""


#: Status and code of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, "BlobNotFound"),
    (errors.Conflict, 409, "BlockCountExceedsLimit"),
    (errors.Unauthenticated, 401, "NoAuthenticationInformation"),
    (SignatureRefused, 403, "AuthenticationFailed"),
    (PermissionMissing, 403, "AuthorizationPermissionMismatch"),
    (errors.NotAllowed, 403, "AuthorizationFailure"),
    (TooLarge, 413, "RequestBodyTooLarge"),
    (UnknownBlock, 400, "InvalidBlockList"),
    (messages.TooManyBlocks, 400, "BlockListTooLong"),
    (messages.XmlRefused, 400, "InvalidXmlDocument"),
    (messages.BlockIdRefused, 400, "InvalidQueryParameterValue"),
    (HeaderMissing, 400, "MissingRequiredHeader"),
    (HeaderRefused, 400, "InvalidHeaderValue"),
    (DigestDiffers, 400, "Md5Mismatch"),
    (RangeRefused, 416, "InvalidRange"),
    (errors.NotEmulated, 501, "NotImplemented"),
    (errors.Unavailable, 503, "ServerBusy"),
    (errors.Invalid, 400, "InvalidBlobOrBlock"),
    (RequestValidationError, 400, "InvalidInput"),
)
_BY_STATUS = {
    404: "ResourceNotFound",
    405: "UnsupportedHttpVerb",
    411: "MissingContentLengthHeader",
    413: "RequestBodyTooLarge",
    503: "ServerBusy",
}


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal of a request."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            detail = error.detail if isinstance(error, SignatureRefused) else ""
            return _answer(request, status, code=code, message=str(error), detail=detail)
    if isinstance(error, HTTPException):
        code = _BY_STATUS.get(error.status_code, "InvalidInput")
        return _answer(request, error.status_code, code=code, message=str(error.detail))
    message = "Something went wrong inside the emulator; its log has the details."
    return _answer(request, 500, code="InternalError", message=message)


def _answer(request: Request, status: int, *, code: str, message: str, detail: str = "") -> Response:
    request_id = str(request.state.request_id)
    now = iso(emulator_of(request).runner.clock.now())
    content = messages.refusal(code, f"{message}\nRequestId:{request_id}\nTime:{now}", detail=detail)
    headers = {"x-ms-error-code": code, "x-ms-request-id": request_id, "x-ms-version": VERSION}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = f'Bearer realm="{request.url.path}"'
    return Response(content, status, headers=headers, media_type="application/xml")
