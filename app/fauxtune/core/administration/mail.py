"""Mailboxes and the address book, for which Graph has no request here. Control surface: `/_fauxtune/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fauxtune.core.administration.requests import AdminRequest, Service, key


def list_messages(user: str, *, after: int = 0, limit: int = 100) -> AdminRequest:
    """List the messages of a user after a number, the oldest first."""
    query = urlencode({"after": after, "limit": limit})
    return _control("GET", f"/users/{key(user)}/messages?{query}")


def read_matrix(user: str, *, at: str = "", after: int = 0, limit: int = 100) -> AdminRequest:
    """Ask who can read a user's mail, at a time or a number of the journal; without one now."""
    query = urlencode(({"at": at} if at else {}) | {"after": after, "limit": limit})
    return _control("GET", f"/users/{key(user)}/readability?{query}")


def open_message(user: str, *, uid: int) -> AdminRequest:
    """Open a message of a user."""
    return _control("GET", f"/users/{key(user)}/messages/{uid}")


def raw_message(user: str, *, uid: int) -> AdminRequest:
    """Get a message of a user as it came."""
    return _control("GET", f"/users/{key(user)}/messages/{uid}/raw")


def delete_message(user: str, *, uid: int) -> AdminRequest:
    """Delete a message of a user."""
    return _control("DELETE", f"/users/{key(user)}/messages/{uid}")


def send_text(
    sender: str,
    *,
    to: Sequence[str],
    cc: Sequence[str] = (),
    subject: str = "",
    text: str = "",
    encrypt: bool = False,
) -> AdminRequest:
    """Send a text. `encrypt`: for the published certificates of everybody who gets it."""
    body = {"from": sender, "to": list(to), "subject": subject, "text": text}
    more = ({"cc": list(cc)} if cc else {}) | ({"encrypt": True} if encrypt else {})
    return _control("POST", "/messages", body={**body, **more})


def send_file(file: str, *, to: Sequence[str], sender: str = "") -> AdminRequest:
    """Send a message as it is, from a file."""
    pairs = [("to", address) for address in to] + ([("from", sender)] if sender else [])
    return AdminRequest("POST", f"/messages?{urlencode(pairs, safe='@')}", service=Service.CONTROL, file=file)


def publish_certificate(address: str, *, certificate: str | None = None, thumbprint: str | None = None) -> AdminRequest:
    """Publish a certificate for an address: PEM, or the thumbprint of one that the tenant knows."""
    body = {"address": address, "certificate": certificate, "thumbprint": thumbprint}
    return _control("POST", "/address-book", body={name: value for name, value in body.items() if value is not None})


def withdraw_certificate(address: str, *, thumbprint: str) -> AdminRequest:
    """Withdraw a certificate from an address."""
    return _control("DELETE", f"/address-book/{key(address)}/{key(thumbprint)}")


def look_up_address(address: str) -> AdminRequest:
    """Look up an address as a sender does."""
    return _control("GET", f"/address-book/{key(address)}")


def list_published(text: str = "") -> AdminRequest:
    """List what is published, for the addresses that contain a text."""
    return _control("GET", f"/address-book?{urlencode({'text': text, 'limit': 1000})}")


def _control(method: str, path: str, *, body: dict[str, object] | None = None) -> AdminRequest:
    return AdminRequest(method, path, body, service=Service.CONTROL)
