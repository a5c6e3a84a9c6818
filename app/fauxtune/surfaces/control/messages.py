"""The control surface's messages: bodies in, and the shapes of what comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fauxtune.core.clock import ClockMode, from_iso

#: Seconds that `settle` waits unless told otherwise.
PATIENCE = 30.0


def _aware(text: str) -> str:
    from_iso(text)
    return text


#: An ISO 8601 time; without an offset it is UTC.
Moment = Annotated[str, AfterValidator(_aware), Field(examples=["2026-11-24T10:00:00Z"])]


class _Body(BaseModel):
    """Unknown members are refused: a misspelt switch must not be taken for done."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewTenant(_Body):
    """A new tenant; `seed` is "contoso", "none", or a seed document."""

    seed: str | dict[str, Any] = "contoso"
    name: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")
    domain: str | None = Field(None, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$")


class Settings(_Body):
    """Switches to turn."""

    settings: dict[str, Any]


class SetClock(_Body):
    """How the tenant's clock shall run, and what it shall show."""

    mode: ClockMode
    now: Moment | None = None


class Advance(_Body):
    """Put the clock forward; `settle`: and wait until all devices are at rest."""

    by: str = Field(examples=["P30D"])
    settle: bool = False


class Settle(_Body):
    """How long to wait at most, in seconds."""

    timeout: float = Field(PATIENCE, ge=0, le=600)


class NewToken(_Body):
    """For whom devices shall enrol; `expiresIn` in seconds."""

    user_principal_name: str
    expires_in: int = 86400
    uses: int = 1


class NewConnector(_Body):
    """A further connector."""

    name: str = Field(min_length=1)
    roles: list[str]
    mode: str = "immediate"


class ConnectorChange(_Body):
    """What shall change."""

    state: str | None = None
    mode: str | None = None
    roles: list[str] | None = None


class NewKey(_Body):
    """A key to make, or one to import: PEM, or base64 of a CNG blob."""

    provider_name: str = Field(min_length=1)
    key_name: str = Field(min_length=1)
    key_length: Literal[2048, 3072, 4096] = 2048
    private_key: str | None = None


class NewCertificate(_Body):
    """What is asked at the CA's counter."""

    template: str
    user_principal_name: str | None = None
    subject: str | None = None
    email: str | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    csr: str | None = None
    pfx_password: str | None = None


class Revocation(_Body):
    """Why a certificate is revoked (RFC 5280 5.3.1)."""

    reason: str = "unspecified"


def moment(text: str | None) -> datetime | None:
    """A time of a body."""
    return None if text is None else from_iso(text)
