"""The commands of `fauxtune-sim`: arguments and printing in `main`, `owner`, `mail`; the work of each beside them."""
