"""The commands of `fauxtune-sim`: arguments and printing in `main`, `owner` and `mail`, the work of each beside them."""
