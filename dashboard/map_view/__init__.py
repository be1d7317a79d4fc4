"""Our own browser component for maps: `view.show` draws it and returns the picked images.

`routes` serves its files and data. The server loads it before any page exists, so this module imports nothing.
"""
