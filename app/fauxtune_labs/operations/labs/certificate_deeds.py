"""The deeds of labs that are about certificates and mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.x509 import Certificate

from fauxtune.core.administration import emulation, imported
from fauxtune.core.administration.choices import INTENDED, Purpose
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.ids import UserId
from fauxtune.core.pki.names import thumbprint as thumbprint_of
from fauxtune.core.pki.pfx import read_pfx, write_pfx
from fauxtune.operations.arrangement.assigning import connector_key
from fauxtune.operations.ca import counter
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.ca.imported_pfx import record_id
from fauxtune.operations.connectors import revocation
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.operations.mail import address_book
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune_labs.core.lab import Words
from fauxtune_labs.operations.labs.stage import PASSWORD, Stage

# --------------------------------------------------------------------------------------------------------- certificates


def _counter_request(stage: Stage, words: Words) -> CounterRequest:
    return CounterRequest(
        template=words["template"],
        user_principal_name=stage.scene.principal_name(words["user"]),
        not_before=_day(words.get("from")),
        not_after=_day(words.get("until")),
        email=words.get("email"),
        pfx_password=PASSWORD,
    )


def _day(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _shown_issue(stage: Stage, words: Words) -> AdminRequest:
    since, until = _day(words.get("from")), _day(words.get("until"))
    return emulation.issue_certificate(
        words["template"],
        user=stage.scene.principal_name(words["user"]),
        not_before=None if since is None else iso(since),
        not_after=None if until is None else iso(until),
        email=words.get("email"),
        pfx_password=PASSWORD,
    )


async def issue_file(stage: Stage, words: Words) -> None:
    """Have the CA make a certificate with its key, in a PFX file."""
    stage.page, stage.query = ("authority", "issue"), {"user": words["user"], "template": words["template"]}

    async def work() -> None:
        data = await _issued(stage, words)
        stage.keep_file(words["file"], data=data)

    await stage.control(_shown_issue(stage, words), work)


async def rewrite_file(stage: Stage, words: Words) -> None:
    """Write a PFX file again, with other ciphers."""
    if stage.dry:
        return
    data = stage.files.get(words["from"])
    if data is None:
        raise Invalid(f"The lab has no file {words['from']} now.")
    read = read_pfx(data, PASSWORD.encode())
    written = write_pfx(
        key=read.key,
        certificate=read.certificate,
        chain=read.chain,
        password=PASSWORD,
        name="key",
        legacy=words["ciphers"] == "legacy",
    )
    stage.keep_file(words["file"], data=written)


async def lose_file(stage: Stage, words: Words) -> None:
    """Drop a PFX file that the lab has made."""
    if not stage.dry:
        stage.files.pop(words["file"], None)


async def _issued(stage: Stage, words: Words) -> bytes:
    scene = stage.scene
    answer = await counter.issue(scene.emulator, scene.tenant, request=_counter_request(stage, words))
    assert answer.pfx is not None, "the CA makes the key of a request without a CSR"
    stage.name_certificate(words.get("label"), thumbprint=thumbprint_of(answer.certificate))
    return answer.pfx


async def issue_and_import(stage: Stage, words: Words) -> None:
    """Have the CA make a certificate, and import it for all devices of a user."""
    stage.page, stage.query = ("authority", "issue"), {"user": words["user"], "template": words["template"]}
    issued: list[bytes] = []

    async def work() -> None:
        issued.append(await _issued(stage, words))

    await stage.control(_shown_issue(stage, words), work)
    await _import(stage, issued[0] if issued else None, user=words["user"], tag=INTENDED[Purpose(words["purpose"])])


async def import_file(stage: Stage, words: Words) -> None:
    """Import a PFX file of the lab for a user."""
    user = await stage.user(words["user"])
    stage.page, stage.query = ("users", user["id"], "import"), {}
    await _import(stage, stage.files.get(words["file"]), user=words["user"], tag=words["tag"])


async def _import(stage: Stage, data: bytes | None, *, user: str, tag: str) -> None:
    """Import a PFX file; None: it is not there yet, or only shown."""
    scene = stage.scene
    public_key, name = await connector_key(scene), scene.principal_name(user)
    if data is None:
        span = (scene.now, scene.now + timedelta(days=365))
        body = imported.placeholder(
            number=1, connector_key=public_key, user_principal_name=name, purpose=tag, span=span
        )
        await stage.send(imported.without_secrets(imported.import_pfx(body), thumbprint="<its thumbprint>"))
        return
    record = imported.record(
        data,
        certificate=_certificate_in(data),
        password=PASSWORD,
        connector_key=public_key,
        user_principal_name=name,
        purpose=tag,
    )
    request = imported.import_pfx(record)
    await stage.send(request, readable=imported.without_secrets(request))


@lru_cache(maxsize=32)
def _certificate_in(data: bytes) -> Certificate:
    """Return the certificate in a PFX file. Each look at a lab shows its imports, and to open a file takes long."""
    return imported.certificate_of(data, password=PASSWORD)


async def remove_import(stage: Stage, words: Words) -> None:
    """Delete an imported certificate of a user."""
    user, mark = await stage.user(words["user"]), await stage.certificate(words)
    stage.page = ("users", user["id"], "imported", mark, "delete")
    await stage.send(delete_object(imported.COLLECTION, record_id(UserId(user["id"]), mark)))


async def revoke(stage: Stage, words: Words) -> None:
    """Revoke a certificate."""
    mark, reason = await stage.certificate(words), words.get("reason", "unspecified")
    stage.page = ("authority", "certificates", mark, "revoke")

    async def work() -> None:
        row = await stage.scene.read(certificate_queries.certificate, stage.scene.tenant.id, key=mark)
        if row is None:
            raise Invalid(f"The tenant's CA has not issued the certificate {mark}.")
        await stage.scene.run(
            revocation.revoke, row.serial, reason=reason, authority_name=row.authority, device=row.enrollment_id
        )

    await stage.control(emulation.revoke_certificate(mark, reason=reason), work)


# ----------------------------------------------------------------------------------------------------------------- mail


async def publish(stage: Stage, words: Words) -> None:
    """Publish a certificate for a user's address."""
    address, mark = await _address(stage, words["user"]), await stage.certificate(words)
    stage.page, stage.query = ("address-book", "publish"), {"address": address}

    def operation(tx: Transaction) -> None:
        known = known_certificate(tx, mark)
        if known.der is None:
            raise Invalid("The certificate is in an imported file that no connector has opened yet.")
        address_book.publish(tx, address, certificate=known.der)

    async def work() -> None:
        await stage.scene.run(operation)

    await stage.control(emulation.publish_certificate(address, thumbprint=mark), work)


async def withdraw(stage: Stage, words: Words) -> None:
    """Take a published certificate from a user's address."""
    address, mark = await _address(stage, words["user"]), await stage.certificate(words)
    stage.page = ("address-book", address, mark, "withdraw")

    async def work() -> None:
        await stage.scene.run(address_book.withdraw, address, mark=mark)

    await stage.control(emulation.withdraw_certificate(address, thumbprint=mark), work)


async def send_mail(stage: Stage, words: Words) -> None:
    """Send a text."""
    sender, to = await _address(stage, words["from"]), await _address(stage, words["to"])
    text, encrypt = words.get("text", "Only for you."), words.get("encrypt", True)
    stage.page, stage.query = ("users", (await stage.user(words["from"]))["id"], "mail", "new"), {"to": to}
    letter = Letter(sender=sender, to=(to,), subject=words["subject"], text=text)

    async def work() -> None:
        await stage.scene.run(address_book.send, letter, encrypt=encrypt)

    request = emulation.send_text(sender, to=[to], subject=words["subject"], text=text, encrypt=encrypt)
    await stage.control(request, work)


async def _address(stage: Stage, name: str) -> str:
    user = await stage.user(name)
    return str(user.get("mail") or stage.scene.principal_name(name))
