"""Parts of the page Lessons, and the bar that a lesson shows on every page."""
