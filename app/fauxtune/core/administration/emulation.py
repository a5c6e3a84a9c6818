"""What Graph has no request for: certificates, authorities, templates, connectors, enrolment tokens, clock, tenants,
faults, mailboxes and the address book.

All goes to the control surface, `/_fauxtune/v1`. The members of the bodies are those of its own bodies
(`surfaces/control`), those of a fault's rule are in `core.faults`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fauxtune.core.administration.requests import AdminRequest, Json, Service, key


def issue_certificate(
    template: str,
    *,
    user: str | None = None,
    subject: str | None = None,
    email: str | None = None,
    not_before: str | None = None,
    not_after: str | None = None,
    csr: str | None = None,
    pfx_password: str | None = None,
) -> AdminRequest:
    """Issue a certificate by a template. `user` is a principal name. Without `csr` (PKCS#10, PEM) a key is made, which
    comes in a PFX file.
    """
    body = {
        "template": template,
        "userPrincipalName": user,
        "subject": subject,
        "email": email,
        "notBefore": not_before,
        "notAfter": not_after,
        "csr": csr,
        "pfxPassword": pfx_password,
    }
    return _control("POST", "/certificates", body=_given(body))


def revoke_certificate(serial: str, *, reason: str = "unspecified") -> AdminRequest:
    """Revoke a certificate, by serial number or thumbprint. `certificateHold` can be taken back by `removeFromCRL`."""
    return _control("POST", f"/certificates/{key(serial)}/revoke", body={"reason": reason})


def set_clock(mode: str, *, now: str | None = None) -> AdminRequest:
    """Set the tenant's clock: `system`, `frozen` at a time, or running from it (`offset`). `now` is ISO 8601."""
    return _control("PUT", "/clock", body=_given({"mode": mode, "now": now}))


def advance_clock(by: str, *, settle: bool = False) -> AdminRequest:
    """Put the tenant's clock forward by an ISO 8601 duration, such as `P30D`; `settle` waits for the devices."""
    return _control("POST", "/clock/advance", body={"by": by, **({"settle": True} if settle else {})})


def issue_identity_token(
    subject: str, *, audience: str | None = None, expires: str | None = None, application: str | None = None
) -> AdminRequest:
    """Make a token of the tenant's own issuer for a subject. `expires` is an ISO 8601 duration; `application` is the
    client id of an application that accepts such tokens from now on.
    """
    body = {"subject": subject, "audience": audience, "expires": expires, "application": application}
    return _control("POST", "/identity/tokens", body=_given(body))


def report_of_partner(device: str, facts: Json) -> AdminRequest:
    """Report facts of a device that another service knows, such as a partner's threat level."""
    return _control("POST", f"/devices/{key(device)}/partnerFacts", body={"facts": facts})


def read_enrollability(user: str, facts: dict[str, str] | None = None) -> AdminRequest:
    """Ask which kinds of device a user may enrol, for a device that tells these facts (`osVersion`, `manufacturer`,
    `model`, `serialNumber`, `imei`).
    """
    query = f"?{urlencode(facts)}" if facts else ""
    return _control("GET", f"/users/{key(user)}/enrollability{query}")


def what_if_time(by: str) -> AdminRequest:
    """Ask what so long a time (ISO 8601) would change in the compliance of devices that do not check in."""
    return _control("POST", "/whatif/time", body={"by": by})


def settle() -> AdminRequest:
    """Push every connected device, and wait until all have settled."""
    return _control("POST", "/settle", body={})


def reach_state(sentence: str, *, params: Json | None = None) -> AdminRequest:
    """Bring the tenant into the state of a sentence, with words for the places that stand in braces in it."""
    return _control("PUT", "/states", body={"state": sentence, **({"params": params} if params else {})})


def create_template(authority: str, *, name: str, members: Json | None = None) -> AdminRequest:
    """Add a certificate template to an authority. Members that are left out are as in a usual S/MIME template."""
    return _control("POST", f"/authorities/{key(authority)}/templates", body={"name": name, **(members or {})})


def change_template(authority: str, *, name: str, members: Json) -> AdminRequest:
    """Change members of a certificate template; issued certificates stay."""
    return _control("PATCH", f"/authorities/{key(authority)}/templates/{key(name)}", body=members)


def delete_template(authority: str, *, name: str) -> AdminRequest:
    """Delete a certificate template; issued certificates stay."""
    return _control("DELETE", f"/authorities/{key(authority)}/templates/{key(name)}")


def set_authority(authority: str, *, available: bool) -> AdminRequest:
    """Take a certification authority offline, or bring it back."""
    return _control(
        "PATCH", f"/authorities/{key(authority)}", body={"state": "available" if available else "unavailable"}
    )


def roll_over(authority: str) -> AdminRequest:
    """Give the issuing authority a new key."""
    return _control("POST", f"/authorities/{key(authority)}/rollover", body={})


def subscribe_digicert() -> AdminRequest:
    """Give the tenant an emulated DigiCert CA."""
    return _control("POST", "/digicert", body={})


def create_connector(name: str, *, roles: list[str], mode: str = "immediate") -> AdminRequest:
    """Add a connector that runs inside the server. Roles: pkcs, imported-pfx, revocation."""
    return _control("POST", "/connectors", body={"name": name, "roles": roles, "mode": mode})


def change_connector(
    connector_id: str,
    *,
    state: str | None = None,
    mode: str | None = None,
    roles: list[str] | None = None,
    version: str | None = None,
) -> AdminRequest:
    """Change a connector: online or offline, immediate or polling, its roles, its version (empty: the newest)."""
    body = _given({"state": state, "mode": mode, "roles": roles, "version": version})
    return _control("PATCH", f"/connectors/{key(connector_id)}", body=body)


def delete_connector(connector_id: str) -> AdminRequest:
    """Remove a connector, which must be offline."""
    return _control("DELETE", f"/connectors/{key(connector_id)}")


def create_connector_key(
    connector_id: str, *, provider_name: str, key_name: str, key_length: int | None = None
) -> AdminRequest:
    """Make a key on a connector; passwords of imported PFX files are encrypted with its public half."""
    body = _given({"providerName": provider_name, "keyName": key_name, "keyLength": key_length})
    return _control("POST", f"/connectors/{key(connector_id)}/keys", body=body)


def delete_connector_key(connector_id: str, *, provider_name: str, key_name: str) -> AdminRequest:
    """Delete a key of a connector."""
    return _control("DELETE", f"/connectors/{key(connector_id)}/keys/{key(provider_name)}/{key(key_name)}")


def install_ra_certificate(connector_id: str) -> AdminRequest:
    """Give a connector a certificate by which DigiCert's CA knows it."""
    return _control("PUT", f"/connectors/{key(connector_id)}/raCertificate", body={})


def remove_ra_certificate(connector_id: str) -> AdminRequest:
    """Take the certificate of DigiCert's CA from a connector."""
    return _control("DELETE", f"/connectors/{key(connector_id)}/raCertificate")


def create_enrollment_token(user: str, *, uses: int | None = None, seconds: int | None = None) -> AdminRequest:
    """Create a token with which devices enrol for a user."""
    body = _given({"userPrincipalName": user, "uses": uses, "expiresIn": seconds})
    return _control("POST", "/enrollmentTokens", body=body)


def change_settings(tenant: str, *, settings: Json) -> AdminRequest:
    """Change settings of a tenant, such as requireTrustedRoot."""
    return AdminRequest("PATCH", f"/tenants/{key(tenant)}", {"settings": settings}, service=Service.EMULATOR)


def create_tenant(
    *,
    name: str | None = None,
    domain: str | None = None,
    seed: str | Json | None = None,
    edition: str | None = None,
    keys: str | None = None,
    deterministic: int | None = None,
    at: str | None = None,
    tick: str | None = None,
) -> AdminRequest:
    """Create a tenant: with the built-in seed's people (`contoso`), with nobody (`none`), or with a seed document.
    `keys`: `shared` for a test tenant, which takes its private keys from those that all test tenants share.
    `deterministic`: the number that its chance comes from; `at`: when its clock begins, `tick`: by how much it moves
    with each request (ISO 8601).
    """
    body = _given({"name": name, "domain": domain, "seed": seed, "edition": edition, "keys": keys})
    body |= _given({"deterministic": deterministic, "at": at, "tick": tick})
    return AdminRequest("POST", "/tenants", body, service=Service.EMULATOR)


def delete_tenant(tenant: str) -> AdminRequest:
    """Delete a tenant with all of its data."""
    return AdminRequest("DELETE", f"/tenants/{key(tenant)}", service=Service.EMULATOR)


def read(path: str) -> AdminRequest:
    """Read something of the tenant, at a path below it."""
    return _control("GET", path)


def _control(method: str, path: str, *, body: Json | None = None) -> AdminRequest:
    return AdminRequest(method, path, body, service=Service.CONTROL)


def _given(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}


FAULTS = "/faults"


def add_fault(
    effect: Json, *, match: Json | None = None, when: Json | None = None, name: str | None = None
) -> AdminRequest:
    """Let something go wrong. `match`: on which occasions; without it, on all. `when`: on which of them; without it, on
    each.
    """
    body: Json = {"match": match, "when": when, "effect": effect, "name": name}
    return _faults("POST", body={name: value for name, value in body.items() if value})


def add_fault_set(name: str, *, seed: int = 1) -> AdminRequest:
    """Add a ready-made set of faults: `realistic` or `chaos`. `seed`: of their chance."""
    return _faults("POST", "/sets", body={"set": name, "seed": seed})


def switch_fault(fault: str, *, on: bool) -> AdminRequest:
    """Switch a fault on or off, by its id; its counters stay."""
    return _faults("PATCH", f"/{key(fault)}", body={"enabled": on})


def delete_fault(fault: str) -> AdminRequest:
    """Delete a fault, by its id."""
    return _faults("DELETE", f"/{key(fault)}")


def delete_faults() -> AdminRequest:
    """Delete every fault of the tenant."""
    return _faults("DELETE")


def _faults(method: str, path: str = "", *, body: Json | None = None) -> AdminRequest:
    return AdminRequest(method, f"{FAULTS}{path}", body, Service.CONTROL)


def list_messages(user: str, *, after: int = 0, limit: int = 100) -> AdminRequest:
    """List the messages of a user after a number, the oldest first."""
    query = urlencode({"after": after, "limit": limit})
    return _mail_request("GET", f"/users/{key(user)}/messages?{query}")


def read_matrix(user: str, *, at: str = "", after: int = 0, limit: int = 100) -> AdminRequest:
    """Ask who can read a user's mail, at a time or a number of the journal; without one now."""
    query = urlencode(({"at": at} if at else {}) | {"after": after, "limit": limit})
    return _mail_request("GET", f"/users/{key(user)}/readability?{query}")


def open_message(user: str, *, uid: int) -> AdminRequest:
    """Open a message of a user."""
    return _mail_request("GET", f"/users/{key(user)}/messages/{uid}")


def raw_message(user: str, *, uid: int) -> AdminRequest:
    """Get a message of a user as it came."""
    return _mail_request("GET", f"/users/{key(user)}/messages/{uid}/raw")


def delete_message(user: str, *, uid: int) -> AdminRequest:
    """Delete a message of a user."""
    return _mail_request("DELETE", f"/users/{key(user)}/messages/{uid}")


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
    return _mail_request("POST", "/messages", body={**body, **more})


def send_file(file: str, *, to: Sequence[str], sender: str = "") -> AdminRequest:
    """Send a message as it is, from a file."""
    pairs = [("to", address) for address in to] + ([("from", sender)] if sender else [])
    return AdminRequest("POST", f"/messages?{urlencode(pairs, safe='@')}", service=Service.CONTROL, file=file)


def publish_certificate(address: str, *, certificate: str | None = None, thumbprint: str | None = None) -> AdminRequest:
    """Publish a certificate for an address: PEM, or the thumbprint of one that the tenant knows."""
    body = {"address": address, "certificate": certificate, "thumbprint": thumbprint}
    return _mail_request(
        "POST", "/address-book", body={name: value for name, value in body.items() if value is not None}
    )


def withdraw_certificate(address: str, *, thumbprint: str) -> AdminRequest:
    """Withdraw a certificate from an address."""
    return _mail_request("DELETE", f"/address-book/{key(address)}/{key(thumbprint)}")


def look_up_address(address: str) -> AdminRequest:
    """Look up an address as a sender does."""
    return _mail_request("GET", f"/address-book/{key(address)}")


def list_published(text: str = "") -> AdminRequest:
    """List what is published, for the addresses that contain a text."""
    return _mail_request("GET", f"/address-book?{urlencode({'text': text, 'limit': 1000})}")


def _mail_request(method: str, path: str, *, body: dict[str, object] | None = None) -> AdminRequest:
    return AdminRequest(method, path, body, service=Service.CONTROL)
