"""Scores per image that MONAI lacks."""
