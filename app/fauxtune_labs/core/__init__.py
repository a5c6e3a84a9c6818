"""Labs: what a lab file says, the words that it may use, and its mistakes. Pure: nothing is read from disk here."""
