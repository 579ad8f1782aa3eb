"""From a result to files."""
