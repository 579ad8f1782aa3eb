"""Scores of one image, and what they say of a whole evaluation."""
