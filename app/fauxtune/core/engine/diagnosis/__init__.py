"""What is wrong with a user's certificates and why one does not arrive: facts, the rules that judge them, the chain."""
