"""From a mask to lesions."""
