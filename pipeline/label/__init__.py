"""The MONAI Label app: annotate and correct in a browser or a viewer, and train on it."""
