"""Parts of the page Zero-shot."""
