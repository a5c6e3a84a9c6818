"""One file per noun of the control surface."""
