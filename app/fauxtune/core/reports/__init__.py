"""Reports of Intune: which there are, their columns, the filter of a request, and the files that they become.

Intune: "Reports and properties available using Graph API" (2025-09-08), "Export reports using Graph APIs" (2021-12-16).
"""
