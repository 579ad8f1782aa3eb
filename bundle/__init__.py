"""Build the bundle from this repository; not part of the installed package."""
