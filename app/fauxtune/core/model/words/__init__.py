"""What the domain is called among people: certificates, facts, platforms, events and states, in words."""
