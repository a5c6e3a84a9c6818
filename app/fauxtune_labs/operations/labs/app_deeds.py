"""What labs prepare of apps and scripts: a Win32 app with a content, and how a script ends on a device.

The content of a Win32 app is a file in the encrypted form in which it is uploaded (Graph: fileEncryptionInfo): the
HMAC-SHA256 of what follows, the initialization vector, the file by AES-256-CBC.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.pki.fresh import random_octets
from fauxtune.storage.contents import index_of
from fauxtune_labs.core.lab import Words
from fauxtune_labs.operations import hosted_devices
from fauxtune_labs.operations.hosted_devices import DeviceChange
from fauxtune_labs.operations.labs.stage import Stage

_APPS, _KIND = "/deviceAppManagement/mobileApps", "microsoft.graph.win32LobApp"
_SETUP = b"the setup program " * 100


async def publish(stage: Stage, words: Words) -> None:
    """Create a Win32 app, upload a content for it, and commit it. It is published some seconds of the clock later."""
    scene, name = stage.scene, words["name"]
    plain, (encrypted, encryption) = _SETUP, _encrypted(_SETUP)
    app = await scene.send(AdminRequest("POST", _APPS, _app(name)))
    versions = f"{_APPS}/{app['id']}/{_KIND}/contentVersions"
    version = await scene.send(AdminRequest("POST", versions, {}))
    announced = {"name": f"{name}.intunewin", "size": len(plain), "sizeEncrypted": len(encrypted)}
    files = f"{versions}/{version['id']}/files"
    file = await scene.send(
        AdminRequest("POST", files, {"@odata.type": "#microsoft.graph.mobileAppContentFile"} | announced)
    )
    await asyncio.to_thread(_store, stage, file["id"], content=encrypted)
    await scene.send(AdminRequest("POST", f"{files}/{file['id']}/commit", {"fileEncryptionInfo": encryption}))
    committed = {"@odata.type": f"#{_KIND}", "committedContentVersion": version["id"]}
    await scene.send(AdminRequest("PATCH", f"{_APPS}/{app['id']}", committed))


async def let_script_end(stage: Stage, words: Words) -> None:
    """Say how a script ends on a simulated device from now on."""
    outcome = {"exit_code": words["exit_code"], "fixes": words.get("fixes", True)}
    change = DeviceChange(scripts={words["script"]: outcome})
    scene = stage.scene
    await hosted_devices.change_device(scene.emulator, scene.tenant, name=words["device"], change=change)


def _app(name: str) -> dict[str, object]:
    setup = f"{name.split()[0].lower()}.exe"
    return {
        "@odata.type": f"#{_KIND}",
        "displayName": name,
        "publisher": "Contoso",
        "fileName": f"{name}.intunewin",
        "setupFilePath": setup,
        "installCommandLine": f"{setup} /S",
        "uninstallCommandLine": f"{setup} /U",
        "installExperience": {"runAsAccount": "system", "deviceRestartBehavior": "suppress"},
        "applicableArchitectures": "x64",
        "minimumSupportedWindowsRelease": "21H1",
        "rules": [
            {
                "@odata.type": "#microsoft.graph.win32LobAppFileSystemRule",
                "ruleType": "detection",
                "path": f"C:\\Program Files\\{name}",
                "fileOrFolderName": setup,
                "operationType": "exists",
                "operator": "notConfigured",
            }
        ],
    }


def _store(stage: Stage, file: str, *, content: bytes) -> None:
    writing = stage.scene.emulator.contents.store.write_whole(stage.scene.tenant.id, file)
    try:
        writing.add(content)
        writing.finish(index_of([]))
    finally:
        writing.drop()


def _encrypted(plain: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a file in its encrypted form, and its keys as Graph is told of them."""
    key, mac_key, vector = random_octets(32), random_octets(32), random_octets(16)
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES256(key), modes.CBC(vector)).encryptor()
    text = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    mac = hmac.digest(mac_key, vector + text, hashlib.sha256)
    parts = {"encryptionKey": key, "macKey": mac_key, "initializationVector": vector, "mac": mac}
    parts["fileDigest"] = hashlib.sha256(plain).digest()
    written = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    return mac + vector + text, {**written, "profileIdentifier": "ProfileVersion1", "fileDigestAlgorithm": "SHA256"}
