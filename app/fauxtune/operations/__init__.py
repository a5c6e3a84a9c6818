"""Everything that people and devices can ask for: one function is one complete operation, in one transaction.

Nine rooms, from the highest to the lowest: `insight`, `checkin`, `devices` and `tenants`, `connectors`, `ca`,
`directory` and `profiles`, `runtime`. A room imports from lower rooms only. Operations are plain functions; `async def`
stands only where an operation waits between its transactions.
"""
