"""Which property of which kind of profile has a word on its platform's wire, and which."""
