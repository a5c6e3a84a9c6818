"""The expectations, a module for each area; `index` has all of them."""
