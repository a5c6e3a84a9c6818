"""Revoke a certificate, with a reason; put it on hold, and release it. RFC 5280 5.3.1.

*Revoked* is not *removed*: the pages name the devices that keep the certificate.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Response

from fauxtune.core.administration.emulation import revoke_certificate
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.certificates import REASONS
from fauxtune.core.model.certificates import reason as reason_words
from fauxtune.core.pki.crl import HOLD, RELEASE
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune_console.call import TenantCall
from fauxtune_console.forms import task_page
from fauxtune_console.pages.certificates.certificate import CertificateView, view_of
from fauxtune_console.questions import Question
from fauxtune_console.registered import usage_words
from fauxtune_console.typed import Typed

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
    if view.held:
        held = f"{len(view.held)} {'device has' if len(view.held) == 1 else 'devices have'} it, and keep it."
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
