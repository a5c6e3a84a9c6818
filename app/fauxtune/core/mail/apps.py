"""The mail apps of each kind of device: how S/MIME is switched on, which certificate is used, what is refused.

Intune delivers certificates; a mail app uses them. Microsoft: "S/MIME overview to sign and encrypt email in Intune",
"Sensitivity labeling and protection in Outlook for iOS and Android"; Apple: com.apple.eas.account. What no document
says is marked `Unverified:` and is our choice; the simulated devices follow it.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fauxtune.core.model.editions import Edition, Stated
from fauxtune.core.model.platforms import Variant


class Switch(StrEnum):
    """What switches S/MIME on in an app."""

    BY_PROFILE = "byProfile"
    BY_USER = "byUser"
    BY_ITSELF = "byItself"
    NOT_AT_ALL = "notAtAll"


class Choice(StrEnum):
    """The rule by which an app chooses among several certificates."""

    ACCOUNT = "account"
    PRIMARY_ADDRESS = "primaryAddress"
    NEWEST = "newest"
    USER = "user"
    NONE = "none"


class Use(StrEnum):
    """What an app does with a certificate of the user's that is not right."""

    USED = "used"
    REFUSED = "refused"


class Cipher(StrEnum):
    """A way of encrypting that an app reads: a cipher of the content, or RSA with OAEP instead of PKCS#1."""

    TRIPLE_DES = "3DES"
    AES_CBC = "AES-CBC"
    AES_GCM = "AES-GCM"
    OAEP = "OAEP"


@dataclass(frozen=True, slots=True)
class AppRules:
    """What an app does in one edition. Each rule has a value, the words, and the document.

    `associates`: the certificates that Intune delivers become the app's without the user. `reads_while_off`: it shows
    S/MIME mail before S/MIME is switched on. `needs_both`: it wants a certificate for signing and one for encryption,
    which can be the same. `steps`: what the end user does, in the app's own words.
    """

    switch: Stated[Switch]
    steps: str
    associates: Stated[bool]
    choice: Stated[Choice]
    reads_while_off: Stated[bool]
    needs_both: Stated[bool]
    expired: Stated[Use]
    revoked: Stated[Use]
    other_address: Stated[Use]
    ciphers: Stated[frozenset[Cipher]]


@dataclass(frozen=True, slots=True)
class MailApp:
    """A mail app on some kinds of device. `name` is its name there, `package` its identifier in the system."""

    name: str
    title: str
    package: str
    variants: tuple[Variant, ...]
    rules: Mapping[Edition, AppRules]


_SMIME_2020 = "S/MIME overview to sign and encrypt email in Intune, 2020-04-20"
_SMIME_2021 = "S/MIME overview to sign and encrypt email in Intune, 2021-07-29"
_MAIL_2021 = "Add email settings to iOS and iPadOS devices in Intune; S/MIME overview, 2021-07-29"
_IMPORTED = "Configure and use imported PKCS certificates with Intune, 2023-04-27"
_OUTLOOK_EARLY = (
    "S/MIME in Outlook for iOS and Android, Exchange Online documentation, undated text from before automated delivery"
)
_OUTLOOK = (
    "Sensitivity labeling and protection in Outlook for iOS and Android, Exchange Online documentation, undated text "
    "of 2020 with automated delivery for iOS"
)
_OUTLOOK_KEYS = (
    "Deploying Outlook for iOS and Android app configuration settings, Exchange Online documentation, undated text of "
    "autumn 2020"
)
_OUTLOOK_JANUARY = "What's new in Microsoft Intune, week of January 6, 2020"
_WINDOWS_MAIL_DOCUMENT = "Configure S/MIME for Windows, 2017-07-27 and 2023-05-31"
_OUTLOOK_CIPHERS = "Microsoft: Outlook sends 3DES when I've chosen AES 256; KB4484511"
_OWA = "S/MIME for message signing and encryption in Exchange Online"
_APPLE = "Apple: Device Management, com.apple.eas.account, read 2026-11-26"
_OUTLOOK_MAC = "Digital certificate requirements for sending and receiving messages, Office for Mac 2011, 2015-03-09"
_KNOX = "Android device administrator (Samsung Knox Standard) email settings in Intune, 2020"
_W10M_DOCUMENT = "IntuneDocs, on Windows Phone 10 and its native mail app, 2020"
_OURS = "The choice of this emulator"
_NO_DOCUMENT = "no document that was read says it"

_EVERY_CIPHER = Stated(
    frozenset(Cipher), f"Unverified: {_NO_DOCUMENT}. All that RFC 8551 and RFC 5751 name are read here.", "RFC 8551 2.7"
)
_READS = Stated(True, f"Unverified: {_NO_DOCUMENT}. It shows S/MIME mail for which it has the key.", _OURS)
_ONE_IS_ENOUGH = Stated(
    False, f"Unverified: {_NO_DOCUMENT}. With a certificate for one use, the app does that alone.", _OURS
)
_EXPIRED = Stated(
    Use.REFUSED,
    f"Unverified: {_NO_DOCUMENT}. An expired certificate is not used for new mail; its key still reads old mail.",
    _OURS,
)
_REVOKED = Stated(
    Use.USED,
    f"Unverified: {_NO_DOCUMENT}. The sender's app does not ask the authority; the reader's does.",
    _OURS,
)
_OTHER_ADDRESS = Stated(
    Use.REFUSED, f"Unverified: {_NO_DOCUMENT}. A certificate of another address is not offered.", _OURS
)
_USER_CHOOSES = Stated(Choice.USER, "The user chooses it in the app.", _SMIME_2021)
_USER_CHOOSES_2020 = Stated(
    Choice.USER, "Unverified: the page leaves S/MIME to the user; so it leaves the certificate.", _SMIME_2020
)
_NOT_ASSOCIATED_2020 = Stated(False, "No. The page says it of no app.", _SMIME_2020)
_NOT_ASSOCIATED = Stated(False, "No: Intune delivers the certificates, the user chooses them in the app.", _SMIME_2021)
_BY_USER_2020 = Stated(
    Switch.BY_USER,
    "By the user. The page: S/MIME may or may not be supported; if it is, the end user enables it in the email "
    "application.",
    _SMIME_2020,
)
_BY_USER = Stated(
    Switch.BY_USER,
    "By the user: users must manually enable S/MIME in their mail app and choose certificates.",
    _SMIME_2021,
)


def _by_user(steps: str) -> Mapping[Edition, AppRules]:
    """The rules of an app about which only Intune's overview says something: its user does everything."""
    current = AppRules(
        switch=_BY_USER,
        steps=steps,
        associates=_NOT_ASSOCIATED,
        choice=_USER_CHOOSES,
        reads_while_off=_READS,
        needs_both=_ONE_IS_ENOUGH,
        expired=_EXPIRED,
        revoked=_REVOKED,
        other_address=_OTHER_ADDRESS,
        ciphers=_EVERY_CIPHER,
    )
    early = replace(current, switch=_BY_USER_2020, associates=_NOT_ASSOCIATED_2020, choice=_USER_CHOOSES_2020)
    return {Edition.APRIL_2020: early, Edition.CURRENT: current}


_OUTLOOK_STEPS = "In Outlook: Settings, the account, Security, S/MIME: on."
_OUTLOOK_CURRENT = AppRules(
    switch=Stated(
        Switch.BY_USER,
        "By the user, in the account's settings under Security (off by default); or by an app configuration with "
        "com.microsoft.outlook.Mail.SMIMEEnabled.",
        _OUTLOOK_KEYS,
    ),
    steps=_OUTLOOK_STEPS,
    associates=Stated(
        True,
        "Yes: S/MIME certificates are associated with Outlook by themselves; on iOS its app configuration says so "
        "(Deploy S/MIME certificates from Intune). It takes imported and derived ones for encryption, and for "
        "signing those of SCEP too, not of PKCS. Differs from Intune: here it signs with one of PKCS as well.",
        f"{_SMIME_2021}; {_OUTLOOK}",
    ),
    choice=Stated(
        Choice.PRIMARY_ADDRESS,
        "The one whose subject or subject alternative name is the account's primary SMTP address. Unverified: of "
        "several such, the one that begins to be valid last.",
        _OUTLOOK,
    ),
    reads_while_off=Stated(
        False, "No: if the S/MIME setting is not enabled, users are not able to consume S/MIME content.", _OUTLOOK
    ),
    needs_both=Stated(
        True,
        "Yes: it requires that a user has both signing and encrypting capabilities, in one certificate or two.",
        _OUTLOOK,
    ),
    expired=Stated(
        Use.REFUSED,
        "It checks the validity before it signs or encrypts; from 30 days before the end it alerts the user.",
        _OUTLOOK,
    ),
    revoked=Stated(
        Use.REFUSED,
        "Exchange Online judges the chain and the CRL; a certificate that it does not trust cannot be used.",
        _OUTLOOK,
    ),
    other_address=Stated(
        Use.REFUSED,
        "It reports that a certificate is not available, and does not let the user sign or encrypt.",
        _OUTLOOK,
    ),
    ciphers=_EVERY_CIPHER,
)
_OUTLOOK_2020 = replace(
    _OUTLOOK_CURRENT,
    switch=Stated(
        Switch.BY_USER, "By the user, in the account's settings under Security (off by default).", _OUTLOOK_EARLY
    ),
    associates=Stated(
        True,
        "Yes: Intune delivers S/MIME signing and encryption certificates that can be used with Outlook on iOS.",
        _OUTLOOK_JANUARY,
    ),
)
_OUTLOOK_ANDROID_2020 = replace(
    _OUTLOOK_2020,
    associates=Stated(
        False, "No: the certificate is mailed to the user, who opens it in Outlook (manual delivery).", _OUTLOOK_EARLY
    ),
    switch=Stated(
        Switch.BY_USER,
        "Unverified: the month. One text says that only Outlook for iOS supports S/MIME, the next one that both do: "
        "by the user, under Security.",
        f"{_OUTLOOK_EARLY}; {_OUTLOOK}",
    ),
)
_APPLE_MAIL_STEPS = (
    "Settings, Mail, Accounts, the account, Advanced: Sign and Encrypt by Default on, a certificate for each."
)
_APPLE_MAIL_CURRENT = AppRules(
    switch=Stated(
        Switch.BY_PROFILE,
        "By the e-mail profile. Without one, or where its flags allow it, by the user.",
        _MAIL_2021,
    ),
    steps=_APPLE_MAIL_STEPS,
    associates=Stated(True, "Yes: with mail profiles that use the native mail client.", _SMIME_2021),
    choice=Stated(
        Choice.ACCOUNT,
        "The account's: the profile names one for signing and one for encryption; of several imported ones, Intune "
        "takes the one that begins to be valid last.",
        f"{_APPLE}; {_IMPORTED}",
    ),
    reads_while_off=_READS,
    needs_both=_ONE_IS_ENOUGH,
    expired=_EXPIRED,
    revoked=_REVOKED,
    other_address=_OTHER_ADDRESS,
    ciphers=_EVERY_CIPHER,
)
_APPLE_MAIL_2020 = replace(
    _APPLE_MAIL_CURRENT,
    switch=Stated(
        Switch.BY_PROFILE,
        "By the e-mail profile: iOS is the platform on which Intune can manage one with S/MIME.",
        _SMIME_2020,
    ),
    associates=Stated(True, "Yes: the e-mail profile names the certificate profiles.", _SMIME_2020),
    choice=Stated(
        Choice.ACCOUNT,
        "The account's: the profile names one for signing and one for encryption. Unverified: of several imported "
        "ones, the one that is valid longest.",
        _APPLE,
    ),
)
_W10M = AppRules(
    switch=Stated(
        Switch.BY_ITSELF,
        "By itself: the native mail app automatically uses the S/MIME certificate. The documents disagree: by the "
        "other one the user chooses it under E-mail security.",
        f"{_W10M_DOCUMENT}; {_WINDOWS_MAIL_DOCUMENT}",
    ),
    steps="Nothing: the app uses the certificate as soon as it is there.",
    associates=Stated(True, "Yes, by the app itself.", _W10M_DOCUMENT),
    choice=Stated(
        Choice.NEWEST,
        "Unverified: of the valid ones for the account's address, the one that begins to be valid last; the key usage "
        "decides between signing and encryption.",
        _OURS,
    ),
    reads_while_off=_READS,
    needs_both=_ONE_IS_ENOUGH,
    expired=_EXPIRED,
    revoked=_REVOKED,
    other_address=_OTHER_ADDRESS,
    ciphers=_EVERY_CIPHER,
)

_WINDOWS_MAIL = {
    edition: replace(
        rules,
        choice=Stated(
            Choice.USER,
            "The user chooses it from the list of valid ones, or lets the app choose (Automatically). It is for "
            "accounts of Exchange only.",
            _WINDOWS_MAIL_DOCUMENT,
        ),
        expired=Stated(
            Use.REFUSED,
            "The list has valid certificates only; an old one still reads old mail.",
            _WINDOWS_MAIL_DOCUMENT,
        ),
        reads_while_off=Stated(
            True, "Yes: an encrypted mail opens if its certificate is on the computer.", _WINDOWS_MAIL_DOCUMENT
        ),
    )
    for edition, rules in _by_user(
        "In Mail: Settings, Email security, the account: a certificate for each, and the switches on."
    ).items()
}
_OUTLOOK_WINDOWS = {
    edition: replace(
        rules,
        ciphers=Stated(
            frozenset(Cipher),
            f"Unverified: {_NO_DOCUMENT}; all are read here. It writes with what the recipient's certificate or an "
            "earlier mail says (smimeCapabilities), else with 3DES, since KB4484511 with AES-256.",
            _OUTLOOK_CIPHERS,
        ),
    )
    for edition, rules in _by_user(
        "In Outlook: File, Options, Trust Center, Trust Center Settings, Email Security: Settings, certificates."
    ).items()
}
_NEVER = "It can do nothing with a certificate, however that came to the device."
_WEB = AppRules(
    switch=Stated(
        Switch.NOT_AT_ALL,
        "Not at all. In the web, S/MIME is the affair of an extension of browsers on Windows. Unverified: that no "
        "browser of a phone takes it.",
        _OWA,
    ),
    steps="Nothing helps: this app has no S/MIME. Use another one.",
    associates=Stated(False, f"No. {_NEVER}", _OWA),
    choice=Stated(Choice.NONE, _NEVER, _OWA),
    reads_while_off=Stated(False, "No: it shows that the mail is encrypted, and nothing of it.", _OWA),
    needs_both=_ONE_IS_ENOUGH,
    expired=Stated(Use.REFUSED, _NEVER, _OWA),
    revoked=Stated(Use.REFUSED, _NEVER, _OWA),
    other_address=Stated(Use.REFUSED, _NEVER, _OWA),
    ciphers=Stated(frozenset(), f"Nothing. {_NEVER}", _OWA),
)

_GOOGLE_ANDROID = (
    Variant.ANDROID_WORK_PROFILE,
    Variant.ANDROID_FULLY_MANAGED,
    Variant.ANDROID_CORPORATE_WORK_PROFILE,
    Variant.ANDROID_DEVICE_ADMIN,
    Variant.ANDROID_KNOX,
)
_APPLE_MOBILE = (Variant.IOS, Variant.IPADOS)

#: The apps in the order in which pages list them. A dedicated device has no user and no mail; an AOSP device has none
#: of Google's and Microsoft's mail apps.
APPS: tuple[MailApp, ...] = (
    MailApp(
        "mail",
        "Mail",
        "com.apple.mobilemail",
        _APPLE_MOBILE,
        {Edition.APRIL_2020: _APPLE_MAIL_2020, Edition.CURRENT: _APPLE_MAIL_CURRENT},
    ),
    MailApp(
        "outlook",
        "Outlook",
        "com.microsoft.Office.Outlook",
        _APPLE_MOBILE,
        {Edition.APRIL_2020: _OUTLOOK_2020, Edition.CURRENT: _OUTLOOK_CURRENT},
    ),
    MailApp(
        "mail",
        "Mail",
        "com.apple.mail",
        (Variant.MACOS,),
        _by_user("In Mail: write a message; with a certificate in the keychain the buttons Sign and Encrypt appear."),
    ),
    MailApp(
        "outlook",
        "Outlook for Mac",
        "com.microsoft.Outlook",
        (Variant.MACOS,),
        {
            edition: replace(
                rules,
                other_address=Stated(
                    Use.REFUSED,
                    f"Unverified: {_NO_DOCUMENT}; the page wants a certificate of the sender.",
                    _OUTLOOK_MAC,
                ),
            )
            for edition, rules in _by_user(
                "In Outlook: Tools, Accounts, the account, Advanced, Security: a certificate for signing and one for "
                "encryption."
            ).items()
        },
    ),
    MailApp(
        "mail",
        "Windows Mail",
        "microsoft.windowscommunicationsapps",
        (Variant.WINDOWS,),
        _WINDOWS_MAIL,
    ),
    MailApp(
        "outlook",
        "Outlook",
        "OUTLOOK.EXE",
        (Variant.WINDOWS,),
        _OUTLOOK_WINDOWS,
    ),
    MailApp(
        "mail",
        "Mail",
        "microsoft.windowscommunicationsapps",
        (Variant.WINDOWS_10_MOBILE,),
        {Edition.APRIL_2020: _W10M, Edition.CURRENT: _W10M},
    ),
    MailApp(
        "mail",
        "Mail",
        "microsoft.windowscommunicationsapps",
        (Variant.WINDOWS_PHONE_81,),
        _by_user("In the settings of the mail account: Sign with S/MIME and Encrypt with S/MIME on."),
    ),
    MailApp(
        "outlook",
        "Outlook",
        "com.microsoft.office.outlook",
        _GOOGLE_ANDROID,
        {Edition.APRIL_2020: _OUTLOOK_ANDROID_2020, Edition.CURRENT: _OUTLOOK_CURRENT},
    ),
    MailApp(
        "gmail",
        "Gmail",
        "com.google.android.gm",
        _GOOGLE_ANDROID,
        _by_user(
            "In Gmail: Settings, the account, Security: S/MIME on, a certificate for signing and one for encryption."
        ),
    ),
    MailApp(
        "nine",
        "Nine",
        "com.ninefolders.hd3.work.intune",
        _GOOGLE_ANDROID,
        _by_user("In Nine: Settings, the account, Security, S/MIME: certificates, and the switches on."),
    ),
    MailApp(
        "samsung",
        "Samsung Email",
        "com.samsung.android.email.provider",
        (Variant.ANDROID_KNOX,),
        {
            edition: replace(
                rules,
                switch=Stated(
                    Switch.BY_PROFILE,
                    "By the e-mail profile for Samsung Knox, if it requires S/MIME; without one, by the user.",
                    f"{_KNOX}; {rules.switch.source}",
                ),
            )
            for edition, rules in _by_user(
                "In Samsung Email: Settings, the account, Security options: S/MIME on, a certificate for each use."
            ).items()
        },
    ),
    *(
        MailApp("web", "Outlook on the web", browser, variants, dict.fromkeys(Edition, _WEB))
        for browser, variants in (("com.apple.mobilesafari", _APPLE_MOBILE), ("com.android.chrome", _GOOGLE_ANDROID))
    ),
)


def apps_of(variant: Variant) -> tuple[MailApp, ...]:
    """The mail apps of a kind of device."""
    return tuple(app for app in APPS if variant in app.variants)
