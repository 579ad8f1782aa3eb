"""One module a command; each runs a config with overrides."""
