"""From a frame to its B-mode images, and their scale in mm."""
