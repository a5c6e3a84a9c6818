"""Who may do what by Graph: permissions, their ids, consent, and for which service a token is."""
