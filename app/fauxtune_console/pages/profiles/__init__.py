"""Pages of profiles: the list, one profile, making, changing and assigning one, and what is managed like profiles."""
