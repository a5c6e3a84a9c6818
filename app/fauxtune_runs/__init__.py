"""Runs: the exchanges of a deterministic tenant in a file, and their repetition by a temporary server.

`run` reads and checks the file, `control` gives it out, `repeating` sends the same requests again, and `differences`
names the first answer that is not the recorded one. `record` and `replay` are the commands.
"""
