"""The terminal: `python -m core COMMAND`.

launch        the command `backbone-lab`: the dashboard, or a command
commands      every command, and how each ends: its result, its errors, Ctrl-C
runs          run, resume, runs
export        export, quantize
maps          map
images        datasets, check
challenges    challenge
listings      recipes, backbones, lessons
caches        warm, cache
home          backup, restore, new-class
doctor        doctor: what this machine is, and what is missing
bench         bench
entries       the results of several seeds or of a sweep
actions       commands with actions, such as `datasets import`
options       the options of a command, from the fields of a configuration
tables        tables in files
bar           progress on standard error
"""
