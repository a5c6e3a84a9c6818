"""The report: one page without scripts that shows what happened in a tenant, with the files that prove it beside it."""
