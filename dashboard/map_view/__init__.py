"""The interactive map view: drawn in the browser, and reports which images were picked."""

from dashboard.map_view.view import Column, Panel, Picked, picked, show

__all__ = ["Column", "Panel", "Picked", "picked", "show"]
