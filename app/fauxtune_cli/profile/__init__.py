"""Commands for what is assigned to people and devices: profiles, policies, apps and scripts."""
