"""Profile kinds: THE list of them (`catalog`), and one file per family that says what a profile gives a device."""
