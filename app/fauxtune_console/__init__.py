"""The console: pages on which a person sees a tenant and acts on it. Loaded at its first request."""
