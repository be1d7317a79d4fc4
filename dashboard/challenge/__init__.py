"""Parts of the page Challenge."""
