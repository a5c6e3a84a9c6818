"""Mailboxes for mail programs: POP3 to read (RFC 1939), SMTP to send (RFC 6409). Imported only by `serve --mail`."""
