"""What passes from one step to the next."""
