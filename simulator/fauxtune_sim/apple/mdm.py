"""The MDM payload: its settings, and the changes that a replacement of its profile may make.

Apple: payload com.apple.mdm. Differs from a device: addresses with http are accepted too, as test servers have them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_sim.apple.enrollment import EVERY_RIGHT, AppleEnrollment, Right
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.profiles import Payload, Profile

MDM = "com.apple.mdm"
_TOPIC = "com.apple.mgmt."
_USER_ENROLLMENT = "BYOD"
_BOOTSTRAP = "com.apple.mdm.bootstraptoken"


@dataclass(frozen=True, slots=True)
class MdmSettings:
    """The settings of an MDM payload. `identity` is the PayloadUUID of the identity in the same profile; `by_user`: it
    is a User Enrollment.
    """

    identity: str
    topic: str
    server_url: str
    check_in_url: str
    access_rights: int
    sign_message: bool
    check_out_when_removed: bool
    takes_bootstrap_token: bool
    account: str | None
    by_user: bool = False


def mdm_payload(profile: Profile) -> Payload | None:
    """The profile's MDM payload, or None. Raises Fault if it has several."""
    payloads = [payload for payload in profile.payloads if payload.type == MDM]
    if len(payloads) > 1:
        raise Fault(Code.MULTIPLE_MDM, "the profile has more than one MDM payload")
    return payloads[0] if payloads else None


def read_mdm(payload: Payload) -> MdmSettings:
    """Read the settings of an MDM payload. Raises Fault if they are not valid."""
    keys = payload.keys
    topic, server = keys.text("Topic"), keys.text("ServerURL")
    if not topic.startswith(_TOPIC):
        raise Fault(Code.TOPIC_INVALID, f"the topic {topic} does not begin with {_TOPIC}")
    check_in = keys.optional("CheckInURL", str) or server
    for url in (server, check_in):
        if not url.startswith(("https://", "http://")):
            raise Fault(Code.PAYLOAD_VALUE, f"{url} is not an HTTP(S) address")
    return MdmSettings(
        identity=keys.text("IdentityCertificateUUID"),
        topic=topic,
        server_url=server,
        check_in_url=check_in,
        access_rights=_rights(keys.number("AccessRights", EVERY_RIGHT)),
        sign_message=keys.flag("SignMessage"),
        check_out_when_removed=keys.flag("CheckOutWhenRemoved"),
        takes_bootstrap_token=_BOOTSTRAP in keys.texts("ServerCapabilities"),
        account=keys.optional("AssignedManagedAppleID", str),
        by_user=keys.optional("EnrollmentMode", str) == _USER_ENROLLMENT,
    )


def _rights(value: int) -> int:
    """Check AccessRights: they are in range, and a right to change needs the right to inspect."""
    if not 0 < value <= EVERY_RIGHT:
        raise Fault(Code.ACCESS_RIGHTS, f"AccessRights {value} is not from 1 to {EVERY_RIGHT}")
    for change, inspect in (
        (Right.CHANGE_PROFILES, Right.INSPECT_PROFILES),
        (Right.CHANGE_PROVISIONING, Right.INSPECT_PROVISIONING),
    ):
        if value & change and not value & inspect:
            raise Fault(Code.ACCESS_RIGHTS, f"AccessRights {value} has {change.value} without {inspect.value}")
    return value


def check_replacement(new: MdmSettings, old: AppleEnrollment) -> None:
    """Raise Fault if a profile may not replace the MDM profile: it names another server or has more rights."""
    if (new.server_url, new.check_in_url, new.topic) != (old.server_url, old.check_in_url, old.topic):
        raise Fault(Code.REPLACEMENT_MISMATCH, "ServerURL, CheckInURL and Topic of an MDM payload may not change")
    if new.access_rights & ~old.access_rights:
        raise Fault(Code.REPLACEMENT_INVALID, "a replaced MDM payload may not have more AccessRights than before")
