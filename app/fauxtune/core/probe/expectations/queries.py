"""Query options on collections of the directory: pages, $select, $filter, $count, $search, $orderby.

#: data
"""

from __future__ import annotations

from fauxtune.core.probe import documents as by
from fauxtune.core.probe import permissions as needs
from fauxtune.core.probe.checks import AtMost, Both, Has, Lacks, Matches, Members, Ordered, Other, SameHost, Text
from fauxtune.core.probe.expectations.forms import EVENTUAL, each, equal, get, get_refused, refused, status
from fauxtune.core.probe.model import Basis, Expectation

_USERS, _GROUPS = (needs.READ_USERS,), (needs.READ_GROUPS,)
_NUMBER = Text(r"^\ufeff?\d+$")
_DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip

QUERIES: tuple[Expectation, ...] = (
    Expectation(
        id="users-next-link",
        says="With $top=1 a list of more users has one element and an absolute @odata.nextLink with a $skiptoken.",
        source=by.PAGING,
        needs=_USERS,
        given=("secondUser",),
        steps=(
            get(
                "/users?$top=1",
                AtMost("value", 1),
                SameHost("@odata.nextLink"),
                Matches("@odata.nextLink", "skiptoken="),
            ),
        ),
    ),
    Expectation(
        id="next-link-keeps-options",
        says="The @odata.nextLink keeps $select and $top, and its page has other elements.",
        source=by.PAGING,
        needs=_USERS,
        given=("secondUser",),
        steps=(
            get(
                "/users?$top=1&$select=id,mail",
                Matches("@odata.nextLink", r"(\$|%24)select=id(,|%2C)mail"),
                Matches("@odata.nextLink", r"(\$|%24)top=1"),
                keeps={"first": "value/0/id", "next": "@odata.nextLink"},
            ),
            get("{next}", AtMost("value", 1), each(Members("", ("id", "mail"))), Other("value/0/id", "{first}")),
        ),
    ),
    Expectation(
        id="groups-next-link",
        says="With $top=1 a list of more groups has an absolute @odata.nextLink.",
        source=by.PAGING,
        needs=_GROUPS,
        given=("secondGroup",),
        steps=(get("/groups?$top=1", AtMost("value", 1), SameHost("@odata.nextLink")),),
    ),
    Expectation(
        id="no-link-after-the-last-page",
        says="A page that holds everything has no @odata.nextLink.",
        source=by.PAGING,
        needs=_USERS,
        steps=(get("/users?$filter=id eq '{user}'", AtMost("value", 1), Lacks("@odata.nextLink")),),
    ),
    Expectation(
        id="top-too-large",
        says="The directory refuses a $top above 999.",
        source=by.reference("List users"),
        needs=_USERS,
        steps=(get_refused("/users?$top=1000", *refused(400, "Request_BadRequest", "Request_UnsupportedQuery")),),
    ),
    Expectation(
        id="top-zero",
        says="The directory refuses $top=0.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$top=0", *refused(400)),),
    ),
    Expectation(
        id="top-not-a-number",
        says="A $top that is no number is refused with 400.",
        source=by.ODATA_URL,
        needs=_USERS,
        steps=(get_refused("/users?$top=x", *refused(400)),),
    ),
    Expectation(
        id="users-without-skip",
        says="The directory has no $skip.",
        source=by.reference("List users"),
        needs=_USERS,
        steps=(get_refused("/users?$skip=1", *refused(400)),),
    ),
    Expectation(
        id="skiptoken-unknown",
        says="A $skiptoken that the service did not give out is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$skiptoken=frob", *refused(400)),),
    ),
    Expectation(
        id="option-unknown",
        says="An option that begins with $ and does not exist is refused with 400.",
        source=by.ODATA_URL,
        needs=_USERS,
        steps=(get_refused("/users?$frob=1", *refused(400)),),
    ),
    Expectation(
        id="users-default-properties",
        says="Without $select a user of v1.0 has eleven properties.",
        source=by.reference("user"),
        versions=("v1.0",),
        needs=_USERS,
        steps=(get("/users/{user}", Members("", _DEFAULT)),),
    ),
    Expectation(
        id="select",
        says="With $select an element has the selected properties alone.",
        source=by.QUERY,
        needs=_USERS,
        steps=(get("/users?$top=2&$select=id,mail", each(Members("", ("id", "mail")))),),
    ),
    Expectation(
        id="select-more",
        says="Properties that are not shown by default are shown when selected.",
        source=by.reference("user"),
        needs=_USERS,
        steps=(
            get(
                "/users/{user}?$select=accountEnabled,createdDateTime",
                Has("accountEnabled", "boolean/null"),
                Has("createdDateTime", "time/null"),
            ),
        ),
    ),
    Expectation(
        id="select-unknown",
        says="A $select of a property that does not exist is refused with 400, which names it.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$select=frob", status(400), Matches("error/message", "property named 'frob'")),),
    ),
    Expectation(
        id="filter-eq",
        says="$filter with eq on userPrincipalName finds the one user.",
        source=by.FILTER,
        needs=_USERS,
        steps=(
            get("/users?$filter=userPrincipalName eq '{userName}'", AtMost("value", 1), each(equal("id", "{user}"))),
        ),
    ),
    Expectation(
        id="filter-without-result",
        says="A $filter that nothing fits is answered with an empty list.",
        source=by.FILTER,
        needs=_USERS,
        steps=(get("/users?$filter=userPrincipalName eq 'fauxtune-no-such-user'", AtMost("value", 0)),),
    ),
    Expectation(
        id="filter-startswith",
        says="$filter with startswith finds users whose name begins so, in any casing.",
        source=by.FILTER,
        needs=_USERS,
        steps=(
            get("/users?$filter=startswith(userPrincipalName,'{userName}')&$select=id", each(equal("id", "{user}"))),
        ),
    ),
    Expectation(
        id="filter-in",
        says="$filter with in finds several elements.",
        source=by.FILTER,
        needs=_USERS,
        steps=(
            get(
                "/users?$filter=id in ('{user}','{secondUser}')&$select=id", each(equal("id", "{user}", "{secondUser}"))
            ),
        ),
    ),
    Expectation(
        id="filter-or",
        says="$filter with or finds elements that fit one of the conditions.",
        source=by.FILTER,
        needs=_USERS,
        steps=(
            get(
                "/users?$filter=id eq '{user}' or id eq '{secondUser}'&$select=id",
                each(equal("id", "{user}", "{secondUser}")),
            ),
        ),
    ),
    Expectation(
        id="filter-boolean",
        says="$filter compares booleans without quotation marks.",
        source=by.FILTER,
        needs=_GROUPS,
        steps=(
            get(
                "/groups?$filter=securityEnabled eq true&$top=5&$select=id,securityEnabled",
                each(equal("securityEnabled", True)),
            ),
        ),
    ),
    Expectation(
        id="filter-any",
        says="$filter with any on groupTypes finds elements by a member of a collection.",
        source=by.FILTER,
        needs=_GROUPS,
        steps=(get("/groups?$filter=groupTypes/any(c:c eq 'Frob')", AtMost("value", 0)),),
    ),
    Expectation(
        id="filter-malformed",
        says="A $filter that breaks off is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$filter=displayName eq", *refused(400)),),
    ),
    Expectation(
        id="filter-unknown-property",
        says="A $filter by a property that does not exist is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$filter=frob eq 'x'", *refused(400)),),
    ),
    Expectation(
        id="filter-ne-needs-header",
        says="The directory refuses ne without ConsistencyLevel: eventual, with Request_UnsupportedQuery.",
        source=by.ADVANCED,
        needs=_USERS,
        faithful=True,
        steps=(get_refused("/users?$filter=userPrincipalName ne 'x'", *refused(400, "Request_UnsupportedQuery")),),
    ),
    Expectation(
        id="filter-ne",
        says="With ConsistencyLevel: eventual and $count=true the directory answers ne.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(
            get(
                "/users?$filter=userPrincipalName ne 'x'&$count=true&$top=1&$select=id",
                AtMost("value", 1),
                Has("@odata.count", "integer"),
                headers=EVENTUAL,
            ),
        ),
    ),
    Expectation(
        id="filter-endswith-needs-header",
        says="The directory refuses endsWith without ConsistencyLevel: eventual.",
        source=by.ADVANCED,
        needs=_USERS,
        faithful=True,
        steps=(
            get_refused("/users?$filter=endsWith(userPrincipalName,'x')", *refused(400, "Request_UnsupportedQuery")),
        ),
    ),
    Expectation(
        id="filter-endswith",
        says="With ConsistencyLevel: eventual and $count=true the directory answers endsWith.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(
            get(
                "/users?$filter=endsWith(userPrincipalName,'{userName}')&$count=true&$select=id",
                each(equal("id", "{user}")),
                headers=EVENTUAL,
            ),
        ),
    ),
    Expectation(
        id="count-of-users",
        says="/users/$count with ConsistencyLevel: eventual is a number as plain text.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(get("/users/$count", _NUMBER, headers=EVENTUAL),),
    ),
    Expectation(
        id="count-of-users-needs-header",
        says="/users/$count without ConsistencyLevel: eventual is refused with 400.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(get_refused("/users/$count", *refused(400)),),
    ),
    Expectation(
        id="count-of-groups",
        says="/groups/$count with ConsistencyLevel: eventual is a number as plain text.",
        source=by.ADVANCED,
        needs=_GROUPS,
        steps=(get("/groups/$count", _NUMBER, headers=EVENTUAL),),
    ),
    Expectation(
        id="count-option",
        says="$count=true with ConsistencyLevel: eventual adds @odata.count, the size of the whole collection.",
        source=by.ADVANCED,
        needs=_USERS,
        given=("secondUser",),
        steps=(
            get(
                "/users?$count=true&$top=1&$select=id",
                Has("@odata.count", "integer"),
                Other("@odata.count", "1"),
                headers=EVENTUAL,
            ),
        ),
    ),
    Expectation(
        id="count-option-without-header",
        says="$count=true on the directory is ignored without ConsistencyLevel: eventual.",
        source=by.ADVANCED,
        needs=_USERS,
        steps=(get("/users?$count=true&$top=1&$select=id", Lacks("@odata.count")),),
    ),
    Expectation(
        id="search-needs-header",
        says="$search on users without ConsistencyLevel: eventual is refused with Request_UnsupportedQuery.",
        source=by.SEARCH,
        needs=_USERS,
        steps=(get_refused('/users?$search="displayName:a"', *refused(400, "Request_UnsupportedQuery")),),
    ),
    Expectation(
        id="search",
        says="$search finds a user by the whole displayName.",
        source=by.SEARCH,
        needs=_USERS,
        steps=(
            get(
                '/users?$search="displayName:{userTitle}"&$select=id,displayName',
                each(Has("id", "GUID")),
                headers=EVENTUAL,
            ),
        ),
    ),
    Expectation(
        id="search-malformed",
        says="A $search without quotation marks is refused with 400.",
        source=by.SEARCH,
        needs=_USERS,
        steps=(get_refused("/users?$search=displayName:a", *refused(400), headers=EVENTUAL),),
    ),
    Expectation(
        id="orderby",
        says="$orderby=displayName orders users.",
        source=by.reference("List users"),
        needs=_USERS,
        given=("secondUser",),
        steps=(get("/users?$orderby=displayName&$top=20&$select=displayName", Ordered("value", "displayName")),),
    ),
    Expectation(
        id="orderby-unknown",
        says="An $orderby by a property that does not exist is refused with 400.",
        source=by.LIVE,
        basis=Basis.OBSERVATION,
        needs=_USERS,
        steps=(get_refused("/users?$orderby=frob", *refused(400)),),
    ),
    Expectation(
        id="expand-members",
        says="$expand=members shows the members of a group, each with its @odata.type.",
        source=by.QUERY,
        needs=_GROUPS,
        steps=(
            get(
                "/groups/{groupWithMembers}?$expand=members",
                Has("members", "list"),
                each(Both((Has("@odata.type", "text"), Has("id", "GUID"))), "members"),
            ),
        ),
    ),
)
