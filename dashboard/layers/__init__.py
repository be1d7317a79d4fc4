"""Parts of the page Layers."""
