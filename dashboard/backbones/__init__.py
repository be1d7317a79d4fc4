"""Parts of the page Backbones."""
