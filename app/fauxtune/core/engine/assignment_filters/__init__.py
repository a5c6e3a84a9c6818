"""Assignment filters: the rule language, the device properties, and matching."""
