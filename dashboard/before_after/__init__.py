"""Parts of the page Before and after."""
