"""What is done in the console stands in Intune's audit log, under the console's name."""

from __future__ import annotations

import httpx

from tests.support.console import done, submit


async def test_a_profile_that_the_console_made_and_deleted_is_in_the_audit_log(
    console: httpx.AsyncClient, http: httpx.AsyncClient, app_token: str
) -> None:
    made = done(
        await submit(console, "/profiles/new?kind=root", name="R", source="root", platform="ios", step="create")
    )
    page = f"/profiles/{made.rpartition('/')[2]}/delete"
    done(await submit(console, page))
    headers = {"authorization": f"Bearer {app_token}"}
    answer = await http.get("/beta/deviceManagement/auditEvents", headers=headers)
    events = answer.json()["value"]
    assert [event["activityOperationType"] for event in events] == ["Delete", "Create"]
    assert {event["actor"]["applicationId"] for event in events} == {"console"}
