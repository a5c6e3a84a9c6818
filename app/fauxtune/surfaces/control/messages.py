"""The control surface's bodies, in: what a caller may say.

What comes out is in `answers`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fauxtune.core.clock import ClockMode, from_iso
from fauxtune.operations.enrollment import TOKEN_SECONDS

#: Seconds that `settle` waits unless told otherwise, and at most.
PATIENCE, LONGEST_PATIENCE = 30.0, 600.0


def _moment(value: object) -> datetime:
    try:
        if not isinstance(value, str):
            raise ValueError
        return from_iso(value)
    except (ValueError, OverflowError):
        raise ValueError("an ISO 8601 time is expected, such as 2026-11-24T10:00:00Z") from None


#: An ISO 8601 time; without an offset it is UTC.
Moment = Annotated[datetime, BeforeValidator(_moment), Field(examples=["2026-11-24T10:00:00Z"])]


class _Body(BaseModel):
    """Unknown members are refused: a misspelt switch must not be taken for done."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewTenant(_Body):
    """A new tenant. It gets a name and a domain of its own unless they are given."""

    seed: str | dict[str, Any] | None = Field(
        default=None, description='"contoso" (the default), "none" (nobody in it), or a seed document'
    )
    name: str | None = None
    domain: str | None = None


class Settings(_Body):
    """Switches to turn."""

    settings: dict[str, Any] = Field(examples=[{"requireTrustedRoot": False}])


class SetClock(_Body):
    """How the tenant's clock shall run, and what it shall show; without `now` it shows what it showed."""

    mode: ClockMode
    now: Moment | None = None


class Advance(_Body):
    """Put the clock forward; with `settle`, wait until all devices are at rest, `timeout` seconds at most."""

    by: str = Field(examples=["P30D"], description="an ISO 8601 duration")
    settle: bool = False
    timeout: float = Field(default=PATIENCE, ge=0, le=LONGEST_PATIENCE)


class Settle(_Body):
    """How long to wait at most, in seconds."""

    timeout: float = Field(default=PATIENCE, ge=0, le=LONGEST_PATIENCE)


class NewToken(_Body):
    """For whom devices shall enrol, for how many seconds, and how many devices."""

    user_principal_name: str
    expires_in: int = Field(default=TOKEN_SECONDS, description="seconds")
    uses: int = 1


class ApplicationChange(_Body):
    """What shall change; what is left out stays. null takes a secret or certificate away."""

    display_name: str | None = None
    roles: list[str] | None = Field(default=None, examples=[["User.Read.All", "Group.Read.All"]])
    secret: str | None = Field(default=None, repr=False)
    certificate: str | None = Field(default=None, description="X.509, PEM: client assertions are checked with it")
    redirect_uris: list[str] | None = Field(
        default=None, description="https addresses that codes may be sent to; loopback addresses always may"
    )


class NewApplication(ApplicationChange):
    """An application. Without `roles` it has every permission; without secret and certificate a secret is made."""

    client_id: str | None = Field(default=None, description="a GUID; one is made unless it is given")


class NewConnector(_Body):
    """A further connector."""

    name: str
    roles: list[str] = Field(examples=[["pkcs", "imported-pfx"]])
    mode: str = Field(default="immediate", description="immediate or polling")


class ConnectorChange(_Body):
    """What shall change; what is left out stays."""

    state: str | None = Field(default=None, description="online or offline")
    mode: str | None = Field(default=None, description="immediate or polling")
    roles: list[str] | None = None


class NewKey(_Body):
    """A key to make, or one to bring along."""

    provider_name: str = Field(examples=["Microsoft Software Key Storage Provider"])
    key_name: str
    key_length: int | None = Field(default=None, description="2048 (the default), 3072 or 4096 bits")
    private_key: str | None = Field(
        default=None, description="PEM, or base64 of an RSAFULLPRIVATEBLOB; without it a key is made", repr=False
    )


class NewCertificate(_Body):
    """What is asked at the CA's counter. Without a CSR a key is made and comes back as a PFX."""

    template: str = Field(examples=["SmimeBoth"])
    user_principal_name: str | None = None
    subject: str | None = Field(default=None, examples=["CN=Alice Adams,E=alice@contoso.example"])
    email: str | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    csr: str | None = Field(default=None, description="PKCS#10, PEM")
    pfx_password: str | None = Field(default=None, repr=False)


class Revocation(_Body):
    """Why a certificate is revoked (RFC 5280 5.3.1)."""

    reason: str = "unspecified"
