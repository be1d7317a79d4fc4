"""What a visitor has chosen, and the address bar that keeps it."""
