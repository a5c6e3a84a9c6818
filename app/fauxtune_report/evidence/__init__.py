"""What the state and the history of a tenant show, as claims, each with the line of openssl that proves it.

`facts` is what was read of a tenant; `chapters` says what it shows; `lines` has the commands, `layout` the names of the
files that they read, and `script` the shell script that runs all of them. Nothing here knows in which language it is
said, nor how a page looks.
"""
