"""Parts of the page Anatomy."""
