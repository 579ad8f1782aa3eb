"""What passes from one step to the next, and the base class of writers."""
