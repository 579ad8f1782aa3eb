"""The page of a run: its template, and what fills it."""
