"""The OpenAPI documents, `/docs` which shows them, and the generated pages of documentation."""
