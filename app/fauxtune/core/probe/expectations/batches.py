"""JSON batching.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has
from fauxtune.core.probe.expectations.forms import asks, equal, refused, some
from fauxtune.core.probe.model import Basis, Expectation, Step

_USERS = (needs.READ_USERS,)
_LIST = {"method": "GET", "url": "/users?$top=1&$select=id"}
_UNKNOWN = {"method": "GET", "url": "/users/{absent}"}


def _refused(body: object) -> Step:
    return Step(method="POST", path="/$batch", body=body, checks=refused(400), reads=True)


BATCHES: tuple[Expectation, ...] = (
    Expectation(
        id="batch",
        says="A batch is answered with 200 and a response for each request, with its id, status and body.",
        source=by.BATCH,
        needs=_USERS,
        steps=(
            asks(
                "/$batch",
                {"requests": [{"id": "1", **_LIST}, {"id": "2", **_UNKNOWN}]},
                AtMost("responses", 2),
                some(Both((equal("id", "1"), equal("status", 200), Has("body/value", "list"))), "responses"),
                some(Both((equal("id", "2"), equal("status", 404), Has("body/error/code", "text"))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="batch-of-both-services",
        says="One batch may ask the directory and Intune.",
        source=by.BATCH,
        needs=(needs.READ_USERS, needs.READ_MANAGED),
        steps=(
            asks(
                "/$batch",
                {
                    "requests": [
                        {"id": "a", **_LIST},
                        {"id": "b", "method": "GET", "url": "/deviceManagement/managedDevices?$top=1"},
                    ]
                },
                some(Both((equal("id", "a"), equal("status", 200))), "responses"),
                some(Both((equal("id", "b"), equal("status", 200))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="batch-depends-on-failure",
        says="A request that depends on one that failed is answered with 424.",
        source=by.BATCH,
        needs=_USERS,
        steps=(
            asks(
                "/$batch",
                {"requests": [{"id": "1", **_UNKNOWN}, {"id": "2", **_LIST, "dependsOn": ["1"]}]},
                some(Both((equal("id", "2"), equal("status", 424))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="batch-too-many",
        says="A batch of more than 20 requests is refused with 400.",
        source=by.BATCH,
        needs=_USERS,
        steps=(_refused({"requests": [{"id": str(number), **_LIST} for number in range(21)]}),),
    ),
    Expectation(
        id="batch-same-ids",
        says="A batch with two requests of one id is refused with 400.",
        source=by.BATCH,
        needs=_USERS,
        steps=(_refused({"requests": [{"id": "1", **_LIST}, {"id": "1", **_LIST}]}),),
    ),
    Expectation(
        id="batch-without-requests",
        says="A batch without the member requests is refused with 400.",
        source=by.BATCH,
        basis=Basis.UNVERIFIED,
        needs=_USERS,
        steps=(_refused({}),),
    ),
    Expectation(
        id="batch-unknown-path",
        says="An unknown path in a batch is refused in its own response; the batch is answered with 200.",
        source=by.BATCH,
        needs=_USERS,
        steps=(
            asks(
                "/$batch",
                {"requests": [{"id": "1", "method": "GET", "url": "/frobnicators"}]},
                some(Both((equal("id", "1"), equal("status", 400))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="batch-without-slash",
        says="The url of a request in a batch may begin without a slash.",
        source=by.BATCH,
        needs=_USERS,
        steps=(
            asks(
                "/$batch",
                {"requests": [{"id": "1", "method": "GET", "url": "users?$top=1&$select=id"}]},
                some(Both((equal("id", "1"), equal("status", 200))), "responses"),
            ),
        ),
    ),
    Expectation(
        id="batch-of-a-batch",
        says="A batch that holds another batch is refused with 400.",
        source=by.BATCH,
        basis=Basis.UNVERIFIED,
        needs=_USERS,
        steps=(
            Step(
                method="POST",
                path="/$batch",
                body={
                    "requests": [
                        {
                            "id": "1",
                            "method": "POST",
                            "url": "/$batch",
                            "headers": {"Content-Type": "application/json"},
                            "body": {"requests": [{"id": "1", **_LIST}]},
                        }
                    ]
                },
                checks=refused(400),
                reads=True,
            ),
        ),
    ),
)
