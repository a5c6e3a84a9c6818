"""Import a certificate that was just issued: what `certificate issue --import` does after the CA has answered.

The password of the PFX file is encrypted on this machine with the connector's public key, as by `fauxtune pfx import`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from fauxtune.cli.administration import Session, partial
from fauxtune.cli.options import fail
from fauxtune.cli.pfx_keys import KEY_NAME, PROVIDER, public_key
from fauxtune.core.administration.choices import INTENDED, Purpose


def check(user: str | None, *, csr: Path | None, password: str | None) -> None:
    """End the command if the certificate could not be imported after it was issued."""
    if user is None:
        fail("--import needs --user: the certificate is imported for the devices of that user.")
    if csr is not None:
        fail("With --csr no key is made, so that there is nothing to import: leave out --csr or --import.")
    if password is not None and not password.isascii():
        fail("--import needs a password of ASCII characters: the connector could not open the file with another one.")


def import_issued(
    session: Session, answer: dict[str, Any], *, document: dict[str, Any], user: str, purpose: Purpose
) -> str:
    """Import the certificate and its key for the user. Return a sentence, and add the record to the document."""
    from fauxtune.client.pfx import read_public_key
    from fauxtune.core.administration import imported

    data, password = base64.b64decode(answer["pfx"]), answer["pfxPassword"]
    with partial([f"issued {session.certificate(answer['thumbprint'])}"]):
        connector_key = imported.ConnectorKey(
            PROVIDER, KEY_NAME, read_public_key(public_key(session.client, PROVIDER, key_name=KEY_NAME))
        )
        request = imported.import_pfx(
            imported.record(
                data,
                certificate=imported.certificate_of(data, password=password),
                password=password,
                connector_key=connector_key,
                user_principal_name=user,
                purpose=INTENDED[purpose],
            )
        )
        document["imported"] = session.send(request, readable=imported.without_secrets(request))
    return f"\nImported it for {user}, for {purpose.value}. Devices get it by profiles of that purpose."
