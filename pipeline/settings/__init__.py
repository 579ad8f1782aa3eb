"""The keys of a config, and how they are checked before a run."""
