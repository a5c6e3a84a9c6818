"""What Fauxtune expects of Microsoft Graph, as data, and the judgement of answers. Knows no network: see `trying`."""
