"""The wire: requests and answers that were recorded, decoded, and why a request was refused."""
