"""Scores of an image, and of a whole evaluation."""
