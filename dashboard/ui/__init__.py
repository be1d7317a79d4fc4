"""Pieces that several pages draw: components, choices, formats, charts, sentences about runs."""
