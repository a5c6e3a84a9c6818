"""The chain from one app to one device, link by link: published, assigned, for this device, told, installed."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.engine.diagnosis.chain import LINKS, Assessment, LinkKind, LinkStatus, Subject
from fauxtune.core.engine.diagnosis.facts import AppStanding, name_of


def _app(subject: Subject) -> Assessment:
    return LinkStatus.OK, f"'{name_of(subject.profile)}' ({subject.profile.kind}) is published."


def _platform(subject: Subject) -> Assessment:
    is_there = subject.device is not None
    return LinkStatus.OK, (
        "The app is for devices of this kind." if is_there else "There is no device to compare with."
    )


def _requirements(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "Nothing that is known of the device speaks against it."


def _dependency(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "Nothing that it depends on is missing for good."


def _supersedence(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "No other app takes its place."


def _told(subject: Subject) -> Assessment:
    if subject.app is not None and subject.app.standing is AppStanding.WAITS:
        return LinkStatus.WAITING, subject.app.why
    return LinkStatus.OK, "Nothing waits for the device to be told."


def _installed(subject: Subject) -> Assessment:
    app = subject.app
    if app is not None and app.standing is AppStanding.INSTALLED:
        return LinkStatus.OK, f"Version {app.version} is installed." if app.version else "It is installed."
    if app is not None and app.standing is AppStanding.REMOVED:
        return LinkStatus.OK, "It is not there, as its assignment asks."
    if app is not None and app.standing is AppStanding.LEFT_TO_USER:
        return LinkStatus.WAITING, "It is left to the user, who has not installed it."
    return LinkStatus.WAITING, "The device does not have it."


_OF_PROFILES = {link.name: link for link in LINKS}

#: The links of an app, in their order; some are those of profiles.
APP_LINKS: tuple[LinkKind, ...] = (
    _OF_PROFILES["enrollment"],
    LinkKind("app", frozenset({"app-kept-only", "app-not-published", "app-nameless"}), _app),
    _OF_PROFILES["licence"],
    _OF_PROFILES["assignment"],
    _OF_PROFILES["filter"],
    LinkKind("platform", frozenset({"app-other-platform"}), _platform),
    LinkKind("requirements", frozenset({"app-unfit"}), _requirements),
    LinkKind("dependency", frozenset({"app-dependency"}), _dependency),
    LinkKind("supersedence", frozenset({"app-superseded"}), _supersedence),
    replace(_OF_PROFILES["checkIn"], codes=frozenset({"network-blocked", "device-silent"})),
    LinkKind("told", frozenset({"app-waits"}), _told),
    replace(_OF_PROFILES["device"], codes=frozenset({"app-failed"})),
    LinkKind("installed", frozenset(), _installed),
)
