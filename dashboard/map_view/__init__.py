"""Maps to look at: a view of our own, drawn in the browser; it says which images were picked."""

from dashboard.map_view.view import Column, Panel, Picked, picked, show

__all__ = ["Column", "Panel", "Picked", "picked", "show"]
