"""Documents from outside, XML and property lists: read within limits, and written."""
