"""Parts of the page Maps; Before and after, Six maps and Layers use them too."""
