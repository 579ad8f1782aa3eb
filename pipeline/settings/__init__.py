"""What may be set in a config, and how it is checked before a run."""
