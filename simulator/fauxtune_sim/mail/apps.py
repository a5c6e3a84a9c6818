"""The mail apps that a device of each kind has, and how far S/MIME is theirs, their user's or their profile's affair.

Which certificate an app signs with is decided in `app_choice`.

Microsoft: "S/MIME overview to sign and encrypt email in Intune" (2020 and 2021); "Sensitivity labeling and protection
in Outlook for iOS and Android" (Exchange Online). Apple: com.apple.eas.account. Knox SDK: ExchangeAccountPolicy. No app
signs with an expired certificate or one of another address. Unverified: that for other apps than Outlook.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fauxtune_sim.mail.accounts import Setting
from fauxtune_sim.platforms import Kind, Mode, Platform


class Switch(StrEnum):
    """What switches S/MIME on in an app."""

    BY_PROFILE = "byProfile"
    BY_USER = "byUser"
    BY_ITSELF = "byItself"
    NOT_AT_ALL = "notAtAll"


class Choice(StrEnum):
    """The rule by which an app chooses its signing certificate.

    That of the account's settings; the newest of the account's address, without a chooser; the newest, by the app
    itself; the user's choice; none, of an app without S/MIME.
    """

    ACCOUNT = "account"
    PRIMARY_ADDRESS = "primaryAddress"
    NEWEST = "newest"
    USER = "user"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailApp:
    """One app. `steps`: how its user switches S/MIME on.

    `reads_while_off`: it shows S/MIME mail before; `needs_both`: it wants a certificate for signing and one for
    encryption; `asks_authority`: it does not sign with a revoked certificate. `flags`: the key of a profile that
    decides whether the user may change a setting.
    """

    name: str
    title: str
    package: str
    steps: str
    switch: Switch = Switch.BY_USER
    choice: Choice = Choice.USER
    reads_while_off: bool = True
    needs_both: bool = False
    asks_authority: bool = False
    flags: Mapping[Setting, str] = field(default_factory=dict)


_APPLE_MAIL = MailApp(
    "mail",
    "Mail",
    "com.apple.mobilemail",
    "Settings, Mail, Accounts, the account, Advanced: Sign and Encrypt by Default on, a certificate for each.",
    switch=Switch.BY_PROFILE,
    choice=Choice.ACCOUNT,
    flags={
        Setting.SIGN: "SMIMESigningUserOverrideable",
        Setting.SIGNING_IDENTITY: "SMIMESigningCertificateUUIDUserOverrideable",
        Setting.ENCRYPT: "SMIMEEncryptByDefaultUserOverrideable",
        Setting.ENCRYPTION_IDENTITY: "SMIMEEncryptionCertificateUUIDUserOverrideable",
    },
)
_MAC_MAIL = MailApp(
    "mail",
    "Mail",
    "com.apple.mail",
    "In Mail: write a message; with a certificate in the keychain the buttons Sign and Encrypt appear.",
)
_MAC_OUTLOOK = MailApp(
    "outlook",
    "Outlook for Mac",
    "com.microsoft.Outlook",
    "In Outlook: Tools, Accounts, the account, Advanced, Security: a certificate for signing and one for encryption.",
)
_WINDOWS_PACKAGE = "microsoft.windowscommunicationsapps"
_WINDOWS_MAIL = MailApp(
    "mail",
    "Windows Mail",
    _WINDOWS_PACKAGE,
    "In Mail: Settings, Email security, the account: a certificate for each, and the switches on.",
)
_WINDOWS_OUTLOOK = MailApp(
    "outlook",
    "Outlook",
    "OUTLOOK.EXE",
    "In Outlook: File, Options, Trust Center, Trust Center Settings, Email Security: Settings, certificates.",
)
_WINDOWS_10_MOBILE = MailApp(
    "mail",
    "Mail",
    _WINDOWS_PACKAGE,
    "Nothing: the app uses the certificate as soon as it is there.",
    switch=Switch.BY_ITSELF,
    choice=Choice.NEWEST,
)
_WINDOWS_PHONE_81 = MailApp(
    "mail",
    "Mail",
    _WINDOWS_PACKAGE,
    "In the settings of the mail account: Sign with S/MIME and Encrypt with S/MIME on.",
)


def _outlook(package: str) -> MailApp:
    """Outlook for iOS or Android."""
    return MailApp(
        "outlook",
        "Outlook",
        package,
        "In Outlook: Settings, the account, Security, S/MIME: on.",
        choice=Choice.PRIMARY_ADDRESS,
        reads_while_off=False,
        needs_both=True,
        asks_authority=True,
    )


def _web(browser: str) -> MailApp:
    """Outlook on the web: S/MIME there is the affair of an extension, which no browser of a phone takes."""
    return MailApp(
        "web",
        "Outlook on the web",
        browser,
        "Nothing helps: this app has no S/MIME. Use another one.",
        switch=Switch.NOT_AT_ALL,
        choice=Choice.NONE,
        reads_while_off=False,
        asks_authority=True,
    )


_WEB_ON_ANDROID = _web("com.android.chrome")
_ANDROID = (
    _outlook("com.microsoft.office.outlook"),
    MailApp(
        "gmail",
        "Gmail",
        "com.google.android.gm",
        "In Gmail: Settings, the account, Security: S/MIME on, a certificate for signing and one for encryption.",
    ),
    MailApp(
        "nine",
        "Nine",
        "com.ninefolders.hd3.work.intune",
        "In Nine: Settings, the account, Security, S/MIME: certificates, and the switches on.",
    ),
)
_SAMSUNG = MailApp(
    "samsung",
    "Samsung Email",
    "com.samsung.android.email.provider",
    "In Samsung Email: Settings, the account, Security options: S/MIME on, a certificate for each use.",
    switch=Switch.BY_PROFILE,
    flags={
        Setting.SIGN: "require_signed_smime_messages",
        Setting.SIGNING_IDENTITY: "force_smime_certificate_alias",
    },
)
_APPLE = (_APPLE_MAIL, _outlook("com.microsoft.Office.Outlook"), _web("com.apple.mobilesafari"))

#: The apps of each kind of device, the first of which is taken if its user names none.
_APPS: Mapping[Kind, tuple[MailApp, ...]] = {
    Kind(Platform.IOS): _APPLE,
    Kind(Platform.IPADOS): _APPLE,
    Kind(Platform.MACOS): (_MAC_MAIL, _MAC_OUTLOOK),
    Kind(Platform.WINDOWS): (_WINDOWS_MAIL, _WINDOWS_OUTLOOK),
    Kind(Platform.WINDOWS_10_MOBILE): (_WINDOWS_10_MOBILE,),
    Kind(Platform.WINDOWS_PHONE_81): (_WINDOWS_PHONE_81,),
    Kind(Platform.ANDROID, Mode.WORK_PROFILE): (*_ANDROID, _WEB_ON_ANDROID),
    Kind(Platform.ANDROID, Mode.FULLY_MANAGED): (*_ANDROID, _WEB_ON_ANDROID),
    Kind(Platform.ANDROID, Mode.CORPORATE_WORK_PROFILE): (*_ANDROID, _WEB_ON_ANDROID),
    Kind(Platform.ANDROID, Mode.DEVICE_ADMIN): (*_ANDROID, _WEB_ON_ANDROID),
    Kind(Platform.ANDROID, Mode.KNOX): (*_ANDROID, _SAMSUNG, _WEB_ON_ANDROID),
    # A dedicated device has no user; Google's and Microsoft's apps do not run on AOSP devices.
    Kind(Platform.ANDROID, Mode.DEDICATED): (),
    Kind(Platform.ANDROID, Mode.AOSP): (),
}


def apps_of(kind: Kind) -> tuple[MailApp, ...]:
    """The mail apps of a kind of device."""
    return _APPS[kind]


def flag_of(package: str, setting: Setting) -> str | None:
    """The key of a profile that decides whether the user of the app with this package may change a setting."""
    apps = (app for apps in _APPS.values() for app in apps)
    return next((app.flags.get(setting) for app in apps if app.package == package), None)
