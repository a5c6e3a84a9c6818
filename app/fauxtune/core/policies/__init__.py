"""Pure rules of the resources that one mechanism keeps: policies, scripts, apps, roles; one file an area."""
