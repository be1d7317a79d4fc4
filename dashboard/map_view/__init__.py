"""The view of maps in the browser, our own: `view.show` draws it and says which images were picked.

`routes` serves its files and data. The server loads them before there is any page, so this package imports nothing.
"""
