"""The terminal: `python -m core COMMAND`.

launch        the command `backbone-lab`: the dashboard, or a command
commands      each command: what it does, and what it prints
actions       commands with actions, such as `datasets import`
challenges    one of these: list, open, close, enter
entries       the results of several seeds or of a sweep
tables        tables in files
images        the datasets: list, import, rename, delete
options       the options of a command, from the fields of a configuration
bar           progress on standard error
doctor        what this machine is, and what is missing
"""
