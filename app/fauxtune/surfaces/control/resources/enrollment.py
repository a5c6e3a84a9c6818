"""Enrolment tokens, which an administrator gives to a user."""

from __future__ import annotations

from fauxtune.operations.devices import enrollment
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls

router = calls("/tenants/{tenant}/enrollmentTokens", tag="devices")


@router.post("", status_code=201, summary="Make a token with which devices enrol for a user")
async def create_enrollment_token(here: Here, body: messages.NewToken) -> answers.Token:
    """A token is valid for every platform. 404 for an unknown user."""
    token = await here.run(enrollment.create_token, body.user_principal_name, seconds=body.expires_in, uses=body.uses)
    return answers.Token(token=token)
