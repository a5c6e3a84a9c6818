"""What people and devices do: one function is one complete act, in one transaction.

Operations are plain functions. `async def` stands only where an act has to wait between its transactions: in `checkin`
(the connector works), `founding` (keys are made), `rest` (devices come), and in what they all stand on: `runner`,
`signals`, `turns`.
"""
