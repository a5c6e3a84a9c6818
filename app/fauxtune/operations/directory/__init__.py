"""Users, groups, Entra devices, applications and sign-ins."""
