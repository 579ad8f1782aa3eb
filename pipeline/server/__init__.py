"""What all servers have in common: guards, limits, temporary files."""
