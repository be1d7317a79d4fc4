"""Parts of the page Class, and what learners join it by."""
