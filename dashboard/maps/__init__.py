"""Parts of the page Maps, which Before and after, Six maps and Layers use too."""
