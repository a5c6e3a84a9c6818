"""What every answer of Graph has around it: errors, headers, tokens, paths, metadata.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import Has, Lacks, Matches, Text
from fauxtune.core.probe.expectations.forms import (
    GUID,
    equal,
    get,
    get_refused,
    header,
    refused,
    says,
    some,
    status,
)
from fauxtune.core.probe.model import Basis, Expectation

_USERS = (needs.READ_USERS,)
_SHAPE = (
    Has("error/code", "text"),
    Has("error/message", "text"),
    Has("error/innerError/date", "text"),
    Matches("error/innerError/request-id", GUID),
    Matches("error/innerError/client-request-id", GUID),
)

ENVELOPE: tuple[Expectation, ...] = (
    Expectation(
        id="error-shape",
        says="An error is an object error with code, message and innerError, which has date and both request ids.",
        source=by.ERRORS,
        needs=_USERS,
        steps=(get_refused("/users/{absent}", status(404), *_SHAPE),),
    ),
    Expectation(
        id="error-shape-of-intune",
        says="An error of Intune has the same members; its message is JSON with a Message in it.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=(needs.READ_MANAGED,),
        steps=(
            get_refused(
                "/deviceManagement/managedDevices/{absent}",
                status(404),
                *_SHAPE,
                says(r'^\{.*"Message"\s*:.*Activity ID'),
            ),
        ),
    ),
    Expectation(
        id="error-date-without-zone",
        says="The date of an error has no zone and no fraction of a second.",
        source=by.ERRORS,
        needs=_USERS,
        steps=(
            get_refused(
                "/users/{absent}", status(404), Matches("error/innerError/date", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
            ),
        ),
    ),
    Expectation(
        id="request-id",
        says="Every answer has a header request-id, which is a GUID.",
        source=by.PRACTICES,
        needs=_USERS,
        steps=(get("/users?$top=1&$select=id", header("request-id", GUID)),),
    ),
    Expectation(
        id="client-request-id",
        says="The client-request-id of a request comes back in the answer.",
        source=by.PRACTICES,
        needs=_USERS,
        steps=(
            get(
                "/users?$top=1&$select=id",
                header("client-request-id", "^3f2504e0-4f89-41d3-9a0c-0305e82c3301$"),
                headers={"client-request-id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
            ),
        ),
    ),
    Expectation(
        id="client-request-id-in-errors",
        says="The client-request-id of a request that is refused stands in innerError.",
        source=by.ERRORS,
        needs=_USERS,
        steps=(
            get_refused(
                "/users/{absent}",
                status(404),
                equal("error/innerError/client-request-id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
                headers={"client-request-id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
            ),
        ),
    ),
    Expectation(
        id="diagnostic-header",
        says="Every answer has a header x-ms-ags-diagnostic with the ServerInfo as JSON.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get("/users?$top=1&$select=id", header("x-ms-ags-diagnostic", r'^\{"ServerInfo":')),),
    ),
    Expectation(
        id="odata-version",
        says="Answers with JSON have the header OData-Version: 4.0.",
        source=by.ODATA_JSON,
        needs=_USERS,
        steps=(get("/users?$top=1&$select=id", header("odata-version", r"^4\.0$")),),
    ),
    Expectation(
        id="media-type",
        says="Answers are application/json with odata.metadata=minimal.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(
            get("/users?$top=1&$select=id", header("content-type", r"^application/json;.*odata\.metadata=minimal")),
        ),
    ),
    Expectation(
        id="collection-context",
        says="A collection has an @odata.context with $metadata on the called host, and a list value.",
        source=by.ODATA_JSON,
        needs=_USERS,
        steps=(
            get(
                "/users?$top=1&$select=id",
                Matches("@odata.context", r"^https://[^/]+/(v1\.0|beta)/\$metadata#users"),
                Has("value", "list"),
            ),
        ),
    ),
    Expectation(
        id="entity-context",
        says="One entity is answered flat, with an @odata.context that ends in $entity.",
        source=by.ODATA_JSON,
        needs=_USERS,
        steps=(
            get("/users/{user}", Matches("@odata.context", r"#users/\$entity$"), equal("id", "{user}"), Lacks("value")),
        ),
    ),
    Expectation(
        id="token-missing",
        says="A request without a token is refused with 401 and a challenge Bearer.",
        source=by.ERRORS,
        steps=(
            get_refused(
                "/users?$top=1",
                *refused(401, "InvalidAuthenticationToken"),
                header("www-authenticate", "^Bearer"),
                signed=False,
            ),
        ),
    ),
    Expectation(
        id="token-malformed",
        says="A token that is no JWT is refused with 401 InvalidAuthenticationToken.",
        source=by.ERRORS,
        steps=(
            get_refused(
                "/users?$top=1",
                *refused(401, "InvalidAuthenticationToken"),
                headers={"authorization": "Bearer rubbish"},
                signed=False,
            ),
        ),
    ),
    Expectation(
        id="version-unknown",
        says="A version that does not exist is refused with a message that names it.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        versions=("v1.0",),
        steps=(get_refused("/v9.9/users", status(400, 404), says("Invalid version.*v9.9"), of_host=True),),
    ),
    Expectation(
        id="segment-unknown",
        says="An unknown first segment is refused with 400 BadRequest, which names it.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        steps=(
            get_refused(
                "/frobnicators", *refused(400, "BadRequest"), says("Resource not found for the segment 'frobnicators'")
            ),
        ),
    ),
    Expectation(
        id="segment-unknown-in-intune",
        says="An unknown segment below deviceManagement is refused with 400 BadRequest, which names it.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=(needs.READ_CONFIGURATION,),
        steps=(
            get_refused(
                "/deviceManagement/frobnicators",
                *refused(400, "BadRequest"),
                says("Resource not found for the segment 'frobnicators'"),
            ),
        ),
    ),
    Expectation(
        id="path-casing",
        says="The names of collections may be written in any casing.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=(needs.READ_USERS, needs.READ_MANAGED),
        steps=(get("/USERS?$top=1&$select=id"), get("/DeviceManagement/MANAGEDDEVICES?$top=1")),
    ),
    Expectation(
        id="option-casing",
        says="The names in $select may be written in any casing.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get("/users/{user}?$select=DisplayName", Has("displayName")),),
    ),
    Expectation(
        id="key-in-parentheses",
        says="A key may be written ('key') in place of /key.",
        source=by.ODATA_URL,
        needs=(needs.READ_USERS, needs.READ_MANAGED),
        steps=(
            get("/users('{user}')?$select=id", equal("id", "{user}")),
            get("/users%28%27{user}%27%29?$select=id", equal("id", "{user}")),
        ),
    ),
    Expectation(
        id="key-in-parentheses-in-intune",
        says="Below deviceManagement, too, a key may be written ('key').",
        source=by.ODATA_URL,
        needs=(needs.READ_MANAGED,),
        steps=(get("/deviceManagement/managedDevices('{device}')", equal("id", "{device}")),),
    ),
    Expectation(
        id="metadata",
        says="$metadata is XML with the namespace microsoft.graph and the container GraphService.",
        source=by.TRAVERSE,
        versions=("v1.0",),
        steps=(
            get(
                "/$metadata",
                header("content-type", "xml"),
                Text(r'Namespace="microsoft\.graph"'),
                Text('EntityContainer Name="GraphService"'),
                Text('<EntitySet Name="users"'),
            ),
        ),
    ),
    Expectation(
        id="service-document",
        says="The root of a version lists its collections.",
        source=by.ODATA_JSON,
        steps=(get("/", some(equal("name", "users")), some(equal("name", "groups"))),),
    ),
    Expectation(
        id="no-token-for-metadata",
        says="$metadata needs no token.",
        source=by.TRAVERSE,
        versions=("v1.0",),
        steps=(get("/$metadata", header("content-type", "xml"), signed=False),),
    ),
)
