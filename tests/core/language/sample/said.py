"""Messages for the test of the catalogues."""

from fauxtune.core.language.catalogue import count, say

HERE = say("Said here")
THINGS = count("%(number)s thing", "%(number)s things", number=2)
