"""The rules, pure: no web, SQL, network, files or clock."""
