"""Expectations of Microsoft Graph, and the verification of a certification authority that speaks SCEP."""
