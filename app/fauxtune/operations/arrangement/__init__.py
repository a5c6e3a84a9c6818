"""Arranging a tenant, by requests to Graph and by operations of the other rooms: provider states, contents of seeds."""
