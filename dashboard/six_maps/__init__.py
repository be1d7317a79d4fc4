"""Parts of the page Six maps."""
