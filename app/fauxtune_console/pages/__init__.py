"""The pages, one module each: from a call to what its template shows, and from a form to an operation."""
