"""The pages, one module each, in rooms by subject: from a call to what its template shows, from a form to its task."""
