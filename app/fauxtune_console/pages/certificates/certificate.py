"""One certificate: what it says and who holds it; its revocation (RFC 5280 5.3.1), its hold, and its release.

*Revoked* is not *removed*: the pages name the devices that keep the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Response

from fauxtune.core.administration.emulation import revoke_certificate
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid
from fauxtune.core.model.certificates import REASONS
from fauxtune.core.model.certificates import reason as reason_words
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.states import ItemState
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.crl import HOLD, RELEASE
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.connectors import revocation
from fauxtune.operations.insight.certificates import KnownCertificate, known_certificate
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.authorities import DEVICES
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight import register
from fauxtune.storage.rows.certificates import HoldingRow
from fauxtune_console.call import TenantCall
from fauxtune_console.happenings import Group, grouped, happenings
from fauxtune_console.holdings import Chip
from fauxtune_console.registered import State, certificate_chip, extended_usage_words, state, usage_words
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, task_page

#: Devices, and events, that the page shows.
_MOST_DEVICES, _MOST_EVENTS = 200, 50
#: The states in which a device has the certificate.
HELD = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a certificate says of itself, in words."""

    issuer: str
    addresses: str
    extended_usage: str
    key: str
    sha256: str
    pem: str


@dataclass(frozen=True, slots=True)
class CertificateView:
    """One certificate. `people`: the names of the users for whom it was issued or imported, by id."""

    known: KnownCertificate
    chip: Chip
    state: State
    usage: str
    contents: Contents | None
    people: Mapping[str, str]
    device_name: str | None
    profile_name: str | None
    holdings: list[HoldingRow]
    events: list[Group]

    @property
    def held(self) -> list[HoldingRow]:
        """The devices that have it."""
        return [row for row in self.holdings if row.state in HELD]

    @property
    def on_hold(self) -> bool:
        """Whether it is revoked until it is released."""
        return self.known.reason == HOLD


async def certificate(call: TenantCall) -> Response:
    """Show one certificate."""
    view = await call.run(view_of, key=str(call.request.path_params["certificate"]))
    answer, refused = None, ""
    if call.query("ask") and view.known.authority and view.known.serial:
        try:
            answer = await crl_and_ocsp.ask_ocsp(
                call.emulator, call.tenant, name=view.known.authority, serial=view.known.serial
            )
        except FauxtuneError as error:
            refused = error.message
    return call.page("certificate.html", view=view, answer=answer, refused=refused)


def view_of(tx: Transaction, *, key: str) -> CertificateView:
    """Return one certificate, by serial number or thumbprint. Raises NotFound."""
    known = known_certificate(tx, key)
    connection, tenant_id = tx.connection, tx.tenant.id
    devices = set() if known.device is None else {known.device}
    profiles = set() if known.profile is None else {known.profile}
    users = {
        user_id for user_id in (known.user_id, *(record.user_id for record in known.imports)) if user_id is not None
    }
    events = register.events_of(connection, tenant_id, thumbprint=known.thumbprint, limit=_MOST_EVENTS)
    return CertificateView(
        known=known,
        chip=certificate_chip(known.thumbprint, kind=_kind(known)),
        state=state(known.status, reason=known.reason, revocation=known.revocation),
        usage=usage_words(known.key_usage),
        contents=None if known.der is None else _contents(x509.load_der_x509_certificate(known.der)),
        people=_names(tx, users),
        device_name=None
        if known.device is None
        else overview_queries.device_names(connection, tenant_id, ids=devices).get(known.device),
        profile_name=None
        if known.profile is None
        else configuration_queries.names(connection, tenant_id, ids=profiles).get(known.profile),
        holdings=register.where_held(connection, tenant_id, thumbprint=known.thumbprint, limit=_MOST_DEVICES),
        events=grouped(happenings(connection, tenant_id, rows=events)),
    )


def _kind(known: KnownCertificate) -> str:
    if known.source is not None:
        return known.source
    if not known.is_registered:
        return "authority"
    return "identity" if known.authority == DEVICES else "issued"


def _names(tx: Transaction, users: set[UserId]) -> dict[str, str]:
    return directory_queries.user_names(tx.connection, tx.tenant.id, ids=users)


def _contents(certificate: x509.Certificate) -> Contents:
    read = contents(certificate)
    return Contents(
        issuer=read.issuer,
        addresses=", ".join(read.addresses),
        extended_usage=extended_usage_words(sorted(read.extended_usages or ())),
        key=_key(certificate),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        pem=certificate.public_bytes(Encoding.PEM).decode(),
    )


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        return f"RSA, {key.key_size} bits"
    return f"EC, {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else "of another kind"


#: data. What follows from a revocation.
_REVOKED = (
    "The authority's next CRL names the certificate, and its OCSP responder says so at once.",
    "Nothing is removed from a device: revoked is not removed.",
    "To remove it from devices, take away the profile or the import that brought it.",
    "Old mail that was encrypted to it can still be read with it.",
)


async def ask_revoke(call: TenantCall) -> Response:
    """Offer the reasons, and say what follows."""
    view = await _revocable(call)
    return _revoke_page(call, view, form=Typed({"reason": [call.query("reason") or "keyCompromise"]}))


async def revoke(call: TenantCall) -> Response:
    """Revoke the certificate."""
    form = Typed.of(await call.form())
    view = await _revocable(call)
    reason = form.text("reason")
    if reason not in REASONS:
        form.wrong("reason", "Choose one of the reasons.")
        return _revoke_page(call, view, form=form)
    await call.run(_carry_out, view, reason=reason)
    letters = view.chip.letters
    what = f"{letters} is on hold now" if reason == HOLD else f"{letters} is revoked: {reason_words(reason)}"
    held = "No device has it."
    if len(view.held) == 1:
        held = "1 device has it, and keeps it."
    if len(view.held) > 1:
        held = f"{len(view.held)} devices have it, and keep it."
    return call.back("authority", "certificates", str(view.known.serial), done=f"{what}. {held}")


async def release(call: TenantCall) -> Question:
    """Release the certificate: it is on hold no longer."""
    view = await _revocable(call)
    _check_on_hold(view)
    letters, serial = view.chip.letters, str(view.known.serial)
    return Question(
        request=revoke_certificate(serial, reason=RELEASE),
        title=f"Release {letters}",
        points=("It is taken from the CRL, as if it had never been on it. OCSP says “good” again.",),
        button="Release",
        back=_address(call, view),
        danger=False,
        done=f"{letters} is not on hold any more: it is valid again.",
        leads_to=("authority", "certificates", serial),
        work=lambda: call.run(_carry_out, view, reason=RELEASE),
    )


def _revoke_page(call: TenantCall, view: CertificateView, *, form: Typed) -> Response:
    chosen = form.text("reason")
    return task_page(
        call,
        [revoke_certificate(str(view.known.serial), reason=chosen if chosen in REASONS else "unspecified")],
        template="revoke.html",
        error="Nothing was revoked. Please choose a reason." if form.errors else "",
        title=f"Revoke {view.chip.letters}",
        points=_REVOKED,
        button="Revoke at the CA",
        back=_address(call, view),
        danger=True,
        view=view,
        form=form,
        reasons=_offered(view),
        usage=usage_words(view.known.key_usage),
    )


def _offered(view: CertificateView) -> Sequence[tuple[str, str]]:
    """Return the reasons in words; one that is on hold cannot be put on hold again."""
    words = {**REASONS, HOLD: "put on hold: the only revocation that can be taken back"}
    return [(name, word) for name, word in words.items() if name != HOLD or not view.on_hold]


async def _revocable(call: TenantCall) -> CertificateView:
    """Return the certificate of the address. Raises Invalid or Conflict for one that cannot be revoked."""
    view = await call.run(view_of, key=str(call.request.path_params["certificate"]))
    if not view.known.is_registered:
        raise Invalid(
            "Only the CA that issued a certificate can revoke it: this one is an authority's own, or of another CA."
        )
    if view.known.revoked_at is not None and not view.on_hold:
        raise Conflict(f"It is revoked already: {reason_words(view.known.reason)}. Date and reason stay as they are.")
    return view


def _check_on_hold(view: CertificateView) -> None:
    if not view.on_hold:
        raise Conflict("It is not on hold, so that there is nothing to release.")


def _carry_out(tx: Transaction, view: CertificateView, *, reason: str) -> None:
    known = view.known
    assert known.serial is not None
    assert known.authority is not None
    revocation.revoke(
        tx,
        known.serial,
        reason=reason,
        authority_name=known.authority,
        device=known.device,
        user=view.people.get(known.user_id or ""),
        source=known.source,
    )


def _address(call: TenantCall, view: CertificateView) -> str:
    return call.url("authority", "certificates", str(view.known.serial))
