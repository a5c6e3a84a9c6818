"""The expectations, a table for each area (`words.txt` says how they are written); `index` has all of them."""
