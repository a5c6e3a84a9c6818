"""Descriptions made from routes and types: CSDL ($metadata) and OpenAPI."""
