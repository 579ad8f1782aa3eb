"""A run shared out among processes."""
