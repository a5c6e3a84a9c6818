"""The tasks of an administrator, as the requests that they stand for. Pure: nothing is sent from here."""
