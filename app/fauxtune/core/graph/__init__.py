"""The types of Graph that exist here, as data. `index` is the list of them."""
