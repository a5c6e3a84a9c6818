"""Labs, classrooms, hosted devices and provider states: tenants that are set up for a purpose, and watched."""
