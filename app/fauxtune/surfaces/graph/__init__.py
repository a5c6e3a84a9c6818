"""Microsoft Graph: one mount for v1.0 and beta over one store.

`routes` is the list of what exists; `resources/` has one file per resource; `app` is the ASGI application.
"""
