"""`/docs`: the OpenAPI documents, shown by Swagger UI, in which every request can be tried out.

`entry` is the route, which imports the rest at its first request; `application` makes the documents and answers.
"""

PATH = "/docs"
