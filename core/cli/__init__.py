"""The terminal: `python -m core COMMAND`.

commands      each command: what it does, and what it prints
options       the options of a command, from the fields of a configuration
bar           progress on standard error
doctor        what this machine is, and what is missing
"""
