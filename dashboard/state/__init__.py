"""A visitor's choices, and the address bar that keeps them."""
