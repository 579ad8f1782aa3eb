"""What turns this repository into a bundle to hand out; not part of the installed package."""
