"""HTTP as devices need it: any method, any header, any body, and the headers of the answer."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer

from fauxtune_sim.server.transport import Transport


async def test_a_request_carries_what_it_is_given_and_the_answer_its_headers(transport: Transport) -> None:
    results: list[tuple[str, str, str, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        headers = request.headers
        results.append((request.method, headers["Content-Type"], headers["Mdm-Signature"], await request.read()))
        return web.Response(body=b"", headers={"X-Told": "yes"})

    application = web.Application()
    application.router.add_put("/here", answer)
    async with TestServer(application) as server:
        result = await transport.send(
            "PUT",
            str(server.make_url("/here")),
            body=b"<plist/>",
            content_type="application/x-apple-aspen-mdm",
            headers={"Mdm-Signature": "c2lnbmVk"},
        )
    assert results == [("PUT", "application/x-apple-aspen-mdm", "c2lnbmVk", b"<plist/>")]
    assert (result.status, result.body, result.headers["x-told"]) == (200, b"", "yes")
