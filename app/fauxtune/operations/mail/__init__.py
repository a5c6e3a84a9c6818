"""Mailboxes of the users, and the address book. No key of a person is here: what is encrypted stays so."""
