"""Parts of the page Few-shot."""
