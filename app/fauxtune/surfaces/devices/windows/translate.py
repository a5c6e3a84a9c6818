"""From the engine's steps to the commands of Windows devices.

A PFX file is installed by one Atomic, after a Delete of the same certificate, so that installing it again is safe
(ClientCertificateInstall CSP).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from fauxtune.core.model.actions import DeviceAction, StepKind
from fauxtune.core.model.items import LedgerRow, key_name
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.foreign import is_self_issued
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.steps import Step
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.windows import actions, apps, csp, scep, settings
from fauxtune.surfaces.devices.windows.apps import ContentUrl
from fauxtune.surfaces.devices.windows.csp import TREES, Tree
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import ANY, ASK, ATOMIC, DETAIL, GONE, PART, THERE

_KEY_LOCATIONS = {
    "useTpmKspOtherwiseFail": 1,
    "useTpmKspOtherwiseUseSoftwareKsp": 2,
    "useSoftwareKsp": 3,
    "usePassportForWorkKspOtherwiseFail": 4,
}
_USUAL_LOCATION, _SOFTWARE, _HELLO = 2, 3, 4
#: ClientCertificateInstall CSP, 2020-02-28: PFXKeyExportable may be true only with a software key.
EXPORTABLE: Changed[frozenset[int]] = Changed(
    "Private keys on Windows that the user can export",
    {
        # Unverified: that it was true; no page of that time says either.
        Edition.APRIL_2020: Stated(
            frozenset({_SOFTWARE}),
            "Unverified: those in the software key storage provider.",
            "Configure and use PKCS certificates with Intune, 2020-02-25",
        ),
        Edition.CURRENT: Stated(
            frozenset(),
            "None: keys are installed as not exportable.",
            "Configure and use PKCS certificates with Intune, 2020-11-16 and 2024-11-19",
        ),
    },
)
#: PFXCertPasswordEncryptionType: encrypted with the certificate by which the device is managed.
_TO_THE_IDENTITY = "1"

#: ActiveSync CSP: Options/Schedule and Options/MailAgeFilter, without the values that let the user choose.
_SCHEDULES = {
    "asMessagesArrive": "-1",
    "manual": "0",
    "fifteenMinutes": "15",
    "thirtyMinutes": "30",
    "sixtyMinutes": "60",
}
_AGES = {"unlimited": "0", "oneDay": "1", "threeDays": "2", "oneWeek": "3", "twoWeeks": "4", "oneMonth": "5"}
_CONTENTS = {
    "syncContacts": "0dd8685c-e272-4fcb-9ecf-2ead7ea2497b",
    "syncCalendar": "4a5d9fe0-f139-4a63-a5a4-4f31ceea02ad",
    "syncTasks": "783ae4f6-4c12-4423-8270-66361260d4f1",
}
_MAIL = "c6d47067-6e92-480e-b0fc-4ba82182fac7"


@dataclass(frozen=True, slots=True)
class TranslationContext:
    """What the commands of a step depend on besides the step: the kind of device, the tenant's edition, the profiles'
    documents by id, the thumbprints (of SCEP: the nodes) under which items were installed before, by item, and whether
    the user's own nodes exist. `upload`: returns the address to which an order's archive is uploaded; `content_url`:
    that of an app's content.
    """

    variant: Variant
    edition: Edition = Edition.CURRENT
    profiles: Mapping[str, JsonObject] = field(default_factory=dict)
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    user_is_here: bool = True
    upload: Callable[[Order], str] | None = None
    content_url: ContentUrl | None = None

    @property
    def tree(self) -> Tree:
        """The device's nodes."""
        return TREES[self.variant]


def commands(step: Step, around: TranslationContext) -> tuple[Command, ...]:
    """Return the commands of a step; none if devices of this kind have no such command."""
    match step.kind:
        case StepKind.INSTALL:
            assert step.item is not None
            return _install(step.item, around)
        case StepKind.REMOVE:
            assert step.item is not None
            return _remove(step.item.row, around)
        case StepKind.ACTION:
            assert step.order is not None
            return actions.commands(_with_address(step.order, around), around.tree)
        case StepKind.INSTALL_APP:
            assert around.content_url is not None, step.id
            return apps.install(step.apps[0], content_url=around.content_url)
        case StepKind.REMOVE_APP:
            return apps.remove(step.apps[0])
        case StepKind.LIST_APPS:
            return apps.questions(step.apps)
        case StepKind.QUESTION:
            return _ask(step.part or "", around, held=step.held)
        case _:
            assert_never(step.kind)


def _with_address(order: Order, around: TranslationContext) -> Order:
    """Return the order with the address for its archive, if it has one."""
    if order.action is not DeviceAction.COLLECT_LOGS or around.upload is None:
        return order
    return replace(order, secrets={"url": around.upload(order)})


def needs_user(commands: tuple[Command, ...]) -> bool:
    """Whether a command addresses the user's own nodes, which exist only while the user is logged in."""
    return any(part.uri.startswith(csp.USER) for command in commands for part in (command, *command.parts))


def _install(item: Deliverable, around: TranslationContext) -> tuple[Command, ...]:
    row = item.row
    match row.source:
        case Source.ROOT:
            node = _trusted(row, around)
            return (_add(f"{node}/EncodedCertificate", _base64(item.certificate), kind="b64", role=THERE),)
        case Source.PKCS | Source.IMPORTED:
            return _identity(item, around)
        case Source.EMAIL:
            assert item.account is not None, row.key
            return _account(row, item.account, around=around)
        case Source.SCEP:
            assert item.scep is not None, row.key
            return scep.install(item.scep, node=request_node(row, around), key_protection=_key_location(row, around))
        case Source.SETTING:
            assert item.unit is not None, row.key
            return settings.install(item.unit)
        case _:
            assert_never(row.source)


def _trusted(row: LedgerRow, around: TranslationContext) -> str:
    return around.tree.certificate(_store(row, around.tree), row.thumbprint or "")


def _store(row: LedgerRow, tree: Tree) -> str:
    """The store of a trusted certificate. Profiles of Windows Phone 8.1 name none: a root is recognised by its
    issuer.
    """
    store = csp.STORES.get(row.key.split("/")[2], csp.ROOTS)
    if csp.USER_INTERMEDIATES not in tree.collections and row.payload is not None:
        return csp.ROOTS if is_self_issued(row.payload) else csp.INTERMEDIATES
    return store


def _identity(item: Deliverable, around: TranslationContext) -> tuple[Command, ...]:
    row, tree = item.row, around.tree
    node = tree.identity(row.thumbprint or "")
    location = _key_location(row, around)
    parts = [_add(f"{node}/KeyLocation", str(location), kind="int", role=PART)]
    if location == _HELLO:
        parts.append(_add(f"{node}/ContainerName", (row.thumbprint or "").upper(), role=PART))
    parts += [
        _add(f"{node}/PFXCertBlob", _base64(item.pfx), role=PART),
        _add(f"{node}/PFXCertPassword", _base64(item.sealed), role=PART),
        _add(f"{node}/PFXCertPasswordEncryptionType", _TO_THE_IDENTITY, kind="int", role=PART),
        _add(f"{node}/PFXKeyExportable", _word(location in EXPORTABLE.of(around.edition)), kind="bool", role=PART),
    ]
    return (
        Command("Delete", node, role=ANY),
        Command("Atomic", role=ATOMIC, parts=tuple(parts)),
        Command("Get", f"{node}/Status", role=DETAIL),
    )


def forget(tree: Tree, names: Sequence[str]) -> tuple[Command, ...]:
    """Return the commands that delete the predecessors of renewed certificates: their thumbprints, or (SCEP) nodes.
    Their statuses do not matter.
    """
    nodes = (name if scep.is_node(name) else tree.identity(name) for name in names)
    return tuple(Command("Delete", node, role=ANY) for node in nodes)


def request_node(row: LedgerRow, around: TranslationContext) -> str:
    """Return the node of a request by SCEP: in the scope of the store that the first profile names."""
    stores = (around.profiles.get(claim.profile, {}).get("certificateStore") for claim in row.claims)
    in_machine_store = next((store for store in stores if store), "user") == "machine"
    return scep.node_of(row, around.tree, in_machine_store=in_machine_store)


def _key_location(row: LedgerRow, around: TranslationContext) -> int:
    """KeyLocation, from the first profile that assigns the certificate."""
    documents = (around.profiles.get(claim.profile, {}) for claim in row.claims)
    providers = (document["keyStorageProvider"] for document in documents if document.get("keyStorageProvider"))
    provider = next(providers, None)
    return _KEY_LOCATIONS.get(str(provider), _USUAL_LOCATION)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _account(row: LedgerRow, account: Account, *, around: TranslationContext) -> tuple[Command, ...]:
    """ActiveSync CSP. Adding an account that exists deletes it, so it is deleted first. No node is about S/MIME."""
    node = around.tree.account(key_name(row.key))
    settings = account.settings
    domain, _, name = account.username.rpartition("\\")
    values = {
        "EmailAddress": account.address,
        "UserName": name,
        **({"Domain": domain} if domain else {}),
        "ServerName": account.host,
        "AccountName": str(settings.get("accountName") or account.address),
        "AccountType": "Exchange",
        "Options/UseSSL": _switch(settings.get("requireSsl")),
    }
    schedule = _SCHEDULES.get(str(settings.get("emailSyncSchedule")))
    age = _AGES.get(str(settings.get("durationOfEmailToSync")))
    values |= {} if schedule is None else {"Options/Schedule": schedule}
    values |= {} if age is None else {"Options/MailAgeFilter": age}
    contents = {_MAIL: "1", **{guid: _switch(settings.get(name)) for name, guid in _CONTENTS.items()}}
    values |= {f"Options/ContentTypes/%7B{guid}%7D/Enabled": value for guid, value in contents.items()}
    parts = tuple(_add(f"{node}/{name}", value, role=PART) for name, value in values.items())
    return (Command("Delete", node, role=ANY), Command("Atomic", role=ATOMIC, parts=parts))


def _remove(row: LedgerRow, around: TranslationContext) -> tuple[Command, ...]:
    tree = around.tree
    match row.source:
        case Source.ROOT:
            nodes = [_trusted(row, around)]
        case Source.PKCS | Source.IMPORTED:
            installed = (row.thumbprint, *around.given.get(row.key, ()))
            thumbprints = {thumbprint.upper() for thumbprint in installed if thumbprint}
            nodes = [tree.identity(thumbprint) for thumbprint in sorted(thumbprints)]
        case Source.EMAIL:
            nodes = [tree.account(key_name(row.key))]
        case Source.SCEP:
            nodes = sorted({request_node(row, around), *around.given.get(row.key, ())})
        case Source.SETTING:
            nodes = list(settings.nodes(row))
        case _:
            assert_never(row.source)
    return tuple(Command("Delete", node, role=GONE) for node in nodes)


def _ask(part: str, around: TranslationContext, *, held: Sequence[LedgerRow]) -> tuple[Command, ...]:
    tree = around.tree
    if part == csp.FACTS:
        nodes = tree.facts
    elif part in (csp.SETTINGS, csp.USER_SETTINGS):
        nodes = settings.questions(part, held)
    elif part == csp.SCEP:
        nodes = scep.questions(tree, user_is_here=around.user_is_here)
    else:
        nodes = tuple(tree.collections[name] for name in (part,) if name in tree.collections)
    return tuple(Command("Get", node, role=ASK) for node in nodes)


def _add(uri: str, data: str, *, kind: str = "chr", role: str) -> Command:
    return Command("Add", uri, data, kind, role=role)


def _base64(data: bytes | None) -> str:
    """On one line: EncodedCertificate accepts no line ends."""
    return base64.b64encode(data or b"").decode()


def _switch(value: object) -> str:
    return "1" if value else "0"
