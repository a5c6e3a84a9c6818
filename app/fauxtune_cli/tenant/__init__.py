"""Commands for tenants: their states, people, groups, approvals, clocks and faults."""
