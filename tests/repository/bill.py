"""What the wheel brings with it: a bill of materials (CycloneDX 1.6, JSON) and the texts of all licences.

What is listed is what `pip install` of the wheel brings on Linux and macOS, in the versions of `requirements.lock`. On
Windows `tzdata` comes in addition, and uvloop does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from jsonschema_rs import Draft7Validator, Registry
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "fauxtune"
#: For markers of requirements: that the bill is the same whichever Python makes it.
_SYSTEM = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
#: Packages whose metadata names no licence by SPDX's rules: as the licence files in them say (read on 2026-12-04).
_READ_IN_FILES = {
    "aiosignal": "Apache-2.0",
    "jinja2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "segno": "BSD-3-Clause",
    "uvloop": "MIT OR Apache-2.0",
}
#: The licences under which dependencies may be. LGPL and MPL ask nothing of a program that uses the package as it is.
ALLOWED = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)
_TEXTS = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)\b.*", re.IGNORECASE)

#: Canonical name of a package -> the package.
Packages = Mapping[str, Distribution]


class NotListed(Exception):
    """Why no bill can be written, in words for people."""


def installed(folder: Path) -> Packages:
    """Return the packages in a folder of the kind site-packages."""
    return {canonicalize_name(each.metadata["Name"]): each for each in distributions(path=[str(folder)])}


def needs(packages: Packages) -> dict[str, list[str]]:
    """Return for the project, and each package that it needs in the end, what that needs itself.

    Raises NotListed if a needed package is absent.
    """
    found: dict[str, set[str]] = {}
    seen, waiting = set[tuple[str, frozenset[str]]](), [(PROJECT, frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        if name not in packages:
            raise NotListed(f"{name} is needed and not installed")
        needed = found.setdefault(name, set())
        for requirement in map(Requirement, packages[name].requires or ()):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({**_SYSTEM, "extra": extra}) for extra in ("", *extras)):
                needed.add(canonicalize_name(requirement.name))
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
        seen.add((name, extras))
        waiting = [each for each in waiting if each not in seen]
    return {name: sorted(found[name]) for name in sorted(found)}


def licence(package: Distribution) -> str:
    """Return the licence of a package as an expression of SPDX. Raises NotListed if it names no allowed one."""
    name = canonicalize_name(package.metadata["Name"])
    said = _about(package, "license_expression") or _about(package, "license")
    try:
        expression = str(canonicalize_license_expression(said))
    except InvalidLicenseExpression:
        expression = _READ_IN_FILES.get(name, "")
    if not expression:
        raise NotListed(
            f"{name} {package.version} names no licence that SPDX knows: read its files, and add it to {__name__}"
        )
    others = set(re.findall(r"[\w.+-]+", expression)) - {"AND", "OR", "WITH"} - ALLOWED
    if others:
        raise NotListed(
            f"{name} {package.version} is under {', '.join(sorted(others))}, which {__name__} does not allow"
        )
    return expression


def bill(packages: Packages, *, commit: str, time: str, wheel: str) -> str:
    """Return the bill of materials of the installed project and what it needs. Raises NotListed.

    `commit` and `time` (ISO 8601) are those of the release, `wheel` is the SHA-256 of its wheel in hex digits.
    """
    needed = needs(packages)
    references = {name: f"pkg:pypi/{name}@{packages[name].version}" for name in needed}
    project = {**_component(packages[PROJECT], kind="application"), "hashes": [{"alg": "SHA-256", "content": wheel}]}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{references[PROJECT]}#{commit}')}",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": project,
            "properties": [{"name": "fauxtune:commit", "value": commit}],
        },
        "components": [_component(packages[name], kind="library") for name in needed if name != PROJECT],
        "dependencies": [
            {"ref": references[name], "dependsOn": [references[each] for each in below]}
            for name, below in needed.items()
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _component(package: Distribution, *, kind: str) -> dict[str, Any]:
    name = canonicalize_name(package.metadata["Name"])
    reference = f"pkg:pypi/{name}@{package.version}"
    return {
        "type": kind,
        "bom-ref": reference,
        "name": name,
        "version": package.version,
        "description": _about(package, "summary"),
        "licenses": [{"expression": licence(package)}],
        "purl": reference,
    }


def _about(package: Distribution, key: str) -> str:
    """Return what the metadata of a package say, or nothing."""
    return str(package.metadata.json.get(key, ""))


def check(text: str) -> None:
    """Hold a bill against CycloneDX's schema, which cyclonedx-python-lib brings. Raises NotListed for a wrong one."""
    read = {
        each.name: json.loads(each.read_text(encoding="utf-8"))
        for each in (files("cyclonedx.schema") / "_res").iterdir()
        if each.name.endswith(".SNAPSHOT.schema.json")
    }
    registry = Registry([(f"http://cyclonedx.org/schema/{name}", schema) for name, schema in read.items()])
    validator = Draft7Validator(read["bom-1.6.SNAPSHOT.schema.json"], registry=registry, validate_formats=True)
    if wrong := [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]:
        raise NotListed("The bill of materials is not valid: " + "; ".join(wrong[:5]))


def licences(packages: Packages) -> str:
    """Return the licence of each package that the project needs, with its texts. Raises NotListed if one has none."""
    return "\n".join(
        [
            "What an installation of Fauxtune brings, and under which licences. The texts are those of the packages.\n",
            *(_with_texts(packages[name]) for name in needs(packages)),
        ]
    )


def _with_texts(package: Distribution) -> str:
    contents = sorted(package.files or (), key=str)
    texts = [file for file in contents if _TEXTS.fullmatch(file.name) and file.suffix not in {".py", ".pyc"}]
    if not texts:
        raise NotListed(f"{package.name} {package.version} brings no text of its licence")
    libraries = sorted(file.name for file in contents if ".libs/" in str(file))
    lines = [f"{'=' * 100}\n{canonicalize_name(package.name)} {package.version}: {licence(package)}"]
    lines += [f"It brings libraries, whose licences it does not contain: {', '.join(libraries)}"] if libraries else []
    return "\n".join([*lines, *(_text(package, file.as_posix()) for file in texts)])


def _text(package: Distribution, path: str) -> str:
    text = Path(str(package.locate_file(path))).read_text(encoding="utf-8", errors="replace")
    return f"{'-' * 100}\n{path}\n\n{text.strip()}\n"
