"""Microsoft Graph: one surface for v1.0 and beta. `routes` lists its paths, `resources` has a module of handlers for
each resource; `app` is the ASGI application.
"""
