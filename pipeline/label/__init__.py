"""The annotation server: correct masks in a browser or a viewer, and train on them."""
