"""Pages of people: users and groups, who can read what, and mail."""
