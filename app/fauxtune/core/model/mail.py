"""The bounds of mailboxes and of the address book."""

from __future__ import annotations

#: Bytes of one message with its headers: the default of Exchange Online for sending ("Exchange Online limits", 2026).
LARGEST_MESSAGE = 35 * 1024 * 1024
#: Messages, and bytes, of one mailbox. Differs from Intune: Exchange Online gives a mailbox 50 GB.
MOST_MESSAGES = 20_000
LARGEST_MAILBOX = 256 * 1024 * 1024
#: Recipients of one message. Differs from Intune: the default of Exchange Online is 500.
MOST_RECIPIENTS = 100
#: Certificates that are published for one address.
MOST_PUBLISHED = 20
