"""Decoders of untrusted files, which run in a child process."""
