"""The words of a report for kinds of devices, ends of enrolments, sources of certificates, and readings.

#: data
"""

from __future__ import annotations

from fauxtune.core.language.message import Message, say
from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source

KINDS: dict[Variant, Message] = {
    Variant.ANDROID_WORK_PROFILE: say("Android, work profile"),
    Variant.ANDROID_FULLY_MANAGED: say("Android, fully managed"),
    Variant.ANDROID_DEDICATED: say("Android, dedicated"),
    Variant.ANDROID_CORPORATE_WORK_PROFILE: say("Android, corporate work profile"),
    Variant.ANDROID_DEVICE_ADMIN: say("Android, device administrator"),
    Variant.ANDROID_KNOX: say("Android, Samsung Knox"),
    Variant.ANDROID_AOSP: say("Android, AOSP"),
    Variant.IOS: say("iPhone"),
    Variant.IPADOS: say("iPad"),
    Variant.MACOS: say("Mac"),
    Variant.WINDOWS: say("Windows"),
    Variant.WINDOWS_10_MOBILE: say("Windows 10 Mobile"),
    Variant.WINDOWS_PHONE_81: say("Windows Phone 8.1"),
}
#: How an enrolment ended -> the word in a table.
ENDS: dict[str, Message] = {
    "wiped": say("wiped"),
    "retired": say("retired"),
    "unenrolled": say("unenrolled by its user"),
    "deleted": say("record deleted"),
}
SOURCES: dict[Source, Message] = {
    Source.ROOT: say("trusted certificate"),
    Source.PKCS: say("own certificate, the key from the connector (PKCS)"),
    Source.SCEP: say("own certificate, the key made on the device (SCEP)"),
    Source.IMPORTED: say("imported certificate, the same on all devices of its user"),
}
#: A reading -> its symbol and its words; the symbols are those of `core.mail.reading_words`.
READINGS: dict[Reading, Message] = {
    Reading.READABLE: say("reads it: it has the key"),
    Reading.NOT_ENCRYPTED: say("reads it: it is not encrypted"),
    Reading.KEY_REMOVED: say("had the key, which was removed"),
    Reading.DEVICE_WIPED: say("had the key, and was wiped"),
    Reading.KEY_PENDING: say("the key is on its way"),
    Reading.KEY_COMES_LATER: say("got the key later"),
    Reading.KEY_NEVER_HERE: say("never had the key"),
    Reading.KEY_NOT_ANYWHERE: say("the tenant does not know the certificate"),
    Reading.DAMAGED: say("the mail is damaged"),
}
