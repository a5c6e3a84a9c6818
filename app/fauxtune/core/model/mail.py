"""The bounds of mailboxes and of the address book."""

from __future__ import annotations

#: The media type of a whole message (RFC 2046 5.2.1).
MESSAGE = "message/rfc822"
#: Bytes of one message with its headers: the default of Exchange Online for sending ("Exchange Online limits", 2026).
LARGEST_MESSAGE = 35 * 1024 * 1024
#: Messages, and bytes, of one mailbox. Differs from Intune: Exchange Online gives a mailbox 50 GB.
MOST_MESSAGES = 20_000
LARGEST_MAILBOX = 256 * 1024 * 1024
#: Recipients of one message. Differs from Intune: the default of Exchange Online is 500.
MOST_RECIPIENTS = 100
#: Certificates that are published for one address.
MOST_PUBLISHED = 20
#: The wires of mail programs, with their default ports: submission and POP3, each also with TLS from the first byte.
MAIL_PORTS = {"smtp": 8025, "smtps": 8465, "pop3": 8110, "pop3s": 8995}
