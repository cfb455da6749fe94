"""HTTP in: the edge, reading requests, answers and problems, tokens, and what the API says of itself."""
