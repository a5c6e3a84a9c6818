"""Sign-ins under way: how many are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.queries import applications
from fauxtune.storage.rows.tenants import SignInRow

if TYPE_CHECKING:
    from tests.storage.conftest import Filler


def test_the_newest_sign_ins_of_a_tenant_push_its_oldest_out(connection: Connection, fill: Filler) -> None:
    other = TenantId("another-tenant")
    for tenant in (fill.tenant_id, other):
        for number in range(5):
            row = SignInRow(
                digest=f"{tenant}-{number}",
                tenant_id=tenant,
                client_id="c",
                state="pending",
                scope="User.Read",
                user_code=None,
                any_tenant=False,
                user_tenant_id=None,
                user_id=None,
                redirect_uri=None,
                challenge=None,
                nonce=None,
                polled_at=None,
                expires_at=fill.now + timedelta(minutes=number),
            )
            applications.add_sign_in(connection, row)

    def kept(tenant: TenantId) -> list[int]:
        result = [applications.sign_in(connection, digest=f"{tenant}-{number}") for number in range(5)]
        return [number for number, row in enumerate(result) if row is not None]

    applications.forget_sign_ins(connection, fill.tenant_id, before=fill.now, most=2)
    assert (kept(fill.tenant_id), kept(other)) == ([3, 4], [0, 1, 2, 3, 4])
    applications.forget_sign_ins(connection, other, before=fill.now + timedelta(minutes=4), most=2)
    assert (kept(fill.tenant_id), kept(other)) == ([4], [4])
