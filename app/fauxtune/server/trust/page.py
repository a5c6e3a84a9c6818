"""The page that tells people on other machines what to trust, how, and how to take it back; and the root in other forms
than PEM.

The page has no script.
"""

from __future__ import annotations

import functools
import plistlib
import uuid
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jinja2 import PackageLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fauxtune import __version__
from fauxtune.core.administration.trusting import DER, PEM, PROFILE, PROGRAMS, SYSTEMS, Way, root_of
from fauxtune.core.language.catalogue import Catalogue, Language, catalogue, preferred, say
from fauxtune.core.model.addresses import host_in
from fauxtune.core.pki.authority import ROOT_NAME
from fauxtune.operations.runtime.emulator import Addresses
from fauxtune.surfaces import html
from fauxtune.surfaces.http import emulator_of, origin

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def page(request: Request, pem: bytes) -> Response:
    """Return the page, for the host under which it was called, in the language that the browser prefers."""
    https, language = https_origin(request), preferred(request.headers.get("accept-language", ""))
    words = catalogue(language, "trust")
    content = _template(language).render(
        language=language.value,
        root=root_of(x509.load_pem_x509_certificate(pem)),
        files=((PEM, "PEM"), (DER, "DER"), (PROFILE, words.render(say("a configuration profile for Apple's systems")))),
        programs=[_filled(way, words, https=https) for way in PROGRAMS],
        systems=[_filled(way, words, https=https) for way in SYSTEMS],
        here=origin(request),
        https=https,
        encrypted=origin(request).startswith("https:"),
        pem=PEM,
        version=__version__,
    )
    return Response(content, headers=_HEADERS, media_type="text/html")


def https_origin(request: Request) -> str:
    """Return the HTTPS origin of the server for whoever called it under this name, by whichever listener."""
    addresses: Addresses = emulator_of(request).addresses
    if addresses.public_url or request.url.scheme == "https":
        return origin(request)
    host = host_in(request.headers.get("host", "")) or "localhost"
    return f"https://{f'[{host}]' if ':' in host else host}:{urlsplit(addresses.https).port}"


def _filled(way: Way, words: Catalogue, *, https: str) -> dict[str, Any]:
    places = {"pem": PEM, "crt": DER, "profile": PROFILE, "https": https}
    return {
        "system": words.gettext(way.system),
        "typed": way.typed,
        "install": [words.gettext(line).format(**places) for line in way.install],
        "remove": [words.gettext(line).format(**places) for line in way.remove],
    }


@functools.cache
def _template(language: Language) -> Any:
    environment = html.environment(PackageLoader(__package__, "."), words=catalogue(language, "trust"))
    here = resources.files(__package__).joinpath("trust.css").read_text("utf-8")
    environment.globals["style"] = Markup(html.colours() + here)  # noqa: S704 - ours
    return environment.get_template("trust.html")


def der(pem: bytes) -> bytes:
    """Return the certificate in DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def profile(pem: bytes) -> bytes:
    """Return a configuration profile with the certificate. The same root always gives the same profile, so that a
    device that installs it again replaces it (PayloadIdentifier, PayloadUUID).
    """
    fingerprint = root_of(x509.load_pem_x509_certificate(pem)).sha256
    identifier = f"fauxtune.tls.{fingerprint[:16]}"
    certificate = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.root",
        "PayloadUUID": _uuid(fingerprint, "root"),
        "PayloadDisplayName": ROOT_NAME,
        "PayloadContent": der(pem),
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": identifier,
            "PayloadUUID": _uuid(fingerprint, "profile"),
            "PayloadDisplayName": f"{ROOT_NAME}: an emulator, for a lesson",
            "PayloadDescription": "Lets this device trust a server for tests. Remove it after the lesson.",
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [certificate],
        }
    )


def _uuid(fingerprint: str, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"fauxtune:{fingerprint}:{part}")).upper()
