"""The test bench of a certification authority: what devices request of it, and whether it did right.

model      cases, what was observed, outcomes
cases      the cases, as data
requests   the request that a challenge is for, and requests that differ from it
judging    from what was observed to an outcome
report     the outcomes as JSON, JUnit XML, and an HTML page
"""
