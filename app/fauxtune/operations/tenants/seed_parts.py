"""The parts of a seed that make a tenant, as pydantic reads them, and what is wrong with one in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from fauxtune.core.administration.directory import PASSWORD
from fauxtune.core.errors import Invalid
from fauxtune.core.model.permissions import ALL_ROLES, EVERYTHING
from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.core.model.text import JsonObject, Text
from fauxtune.core.pki.template import BUILT_IN as TEMPLATES
from fauxtune.core.pki.template import Template

#: The key of connectors that a seed names no other.
PROVIDER, KEY_NAME = "Microsoft Software Key Storage Provider", "PFXEncryptionKey"
#: The secret that README and every start print. It is good in the tenant that every start seeds, and nowhere else.
PUBLISHED_SECRET = "fauxtune-not-a-secret"  # noqa: S105
#: So many mistakes of a seed are named.
_MOST_NAMED = 50
#: Pydantic's kinds of mistakes in our words; for others pydantic's words.
_CHOICES = frozenset({"literal_error", "enum"})
#: Characters of a wrong value that a sentence repeats.
_LONGEST = 60
_WORDS = {"missing": "it is missing", "extra_forbidden": "there is no such member"}


class Part(BaseModel):
    """A part of a seed: unknown members are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class SeedApplication(Part):
    """An application; without a `clientId` it gets a new one, and without `secret` and `certificate` a new secret.

    `consentedScopes`: the scopes that tokens of users may have; `*` allows all that they ask for.
    """

    client_id: Text | None = None
    name: Text = "Fauxtune test client"
    secret: Text | None = None
    certificate: Text | None = None
    roles: tuple[Text, ...] = ALL_ROLES
    consented_scopes: tuple[Text, ...] = (EVERYTHING,)
    redirect_uris: tuple[Text, ...] = ()


class SeedUser(Part):
    """A user. A name without a domain gets the tenant's."""

    user_principal_name: Text
    display_name: Text | None = None
    given_name: Text | None = None
    surname: Text | None = None
    mail: Text | None = None
    password: Text = PASSWORD
    licensed: bool = True


class SeedGroup(Part):
    """A group; members are user names."""

    display_name: Text
    members: tuple[Text, ...] = ()


class SeedAuthority(Part):
    """The enterprise CA. Templates are documents as the control surface shows them; by default the built-in ones."""

    name: Text = "Contoso Issuing CA"
    templates: tuple[Annotated[JsonObject, AfterValidator(_is_template)], ...] = tuple(
        template.document() for template in TEMPLATES
    )


class SeedKey(Part):
    """A key that the connector has from the start."""

    provider_name: Text = PROVIDER
    key_name: Text = KEY_NAME
    key_length: Literal[2048, 3072, 4096] = 2048


class Seed(Part):
    """The contents of a new tenant. `has_further_parts`: it is a `FullSeed`, which more than `found_tenant` fills."""

    has_further_parts: ClassVar[bool] = False

    json_schema: Text | None = Field(default=None, alias="$schema", description="for editors: the schema's address")
    id: Text | None = None
    name: Text
    domain: Text
    applications: tuple[SeedApplication, ...] = (SeedApplication(),)
    users: tuple[SeedUser, ...] = ()
    groups: tuple[SeedGroup, ...] = ()
    certification_authority: SeedAuthority = Field(default_factory=SeedAuthority)
    connector_keys: tuple[SeedKey, ...] = (SeedKey(),)
    keys: KeyOrigin = KeyOrigin.OWN

    @property
    def asks_for_published(self) -> bool:
        """Whether it names the published secret or password itself: then they are good on every server."""
        people = any("password" in user.model_fields_set and user.password == PASSWORD for user in self.users)
        return people or any(application.secret == PUBLISHED_SECRET for application in self.applications)

    @model_validator(mode="after")
    def _fits_together(self) -> Seed:
        users = Counter(user.user_principal_name.lower() for user in self.users)
        strange = [f"the user '{name}' is there {count} times" for name, count in users.items() if count > 1]
        strange += [
            f"the group '{group.display_name}' names '{member}', who is no user of the seed"
            for group in self.groups
            for member in group.members
            if member.lower() not in users
        ]
        if strange:
            raise ValueError("; ".join(strange[:_MOST_NAMED]))
        return self


def why_of(mistake: ErrorDetails) -> str:
    """Return what is wrong, in our words where we have some."""
    expected = mistake.get("ctx", {}).get("expected")
    if mistake["type"] in _CHOICES and expected is not None:
        return f"{json.dumps(mistake['input'], ensure_ascii=False)[:_LONGEST]} is not one of {expected}"
    return _WORDS.get(mistake["type"], mistake["msg"].removeprefix("Value error, ").rstrip("."))


def refusal(wrong: Sequence[tuple[str, str]]) -> Invalid:
    """Return the error that names these places and what is wrong there."""
    sentence = "; ".join(f"{where}: {why}" for where, why in wrong[:_MOST_NAMED])
    return Invalid(f"The seed cannot be used: {sentence}.", target=wrong[0][0])


PROVIDER = "Microsoft Software Key Storage Provider"


KEY_NAME = "PFXEncryptionKey"


def _is_template(document: dict[str, Any]) -> dict[str, Any]:
    try:
        Template.from_document(document)
    except Invalid as error:
        raise ValueError(error.message) from None
    return document
