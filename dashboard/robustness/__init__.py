"""Parts of the page Robustness."""
