"""The dashboard. Imports go one way:

    state, server -> ui -> map_view -> one folder a page -> shell -> app

    state      a visitor's choices, and the address bar
    server     what the server keeps between script runs, and the worker's tasks
    ui         pieces that several pages draw
    map_view   the browser component that draws maps
    shell      navigation, sidebar and status around every page

A page is a straight script in `pages/`; its parts are in the folder of the same name here.
"""
