"""The code that repeats a run.

script     the script and the notebook
network    the network, written out
clip       the image tower of a CLIP, written out
snippets   the fixed parts of the text
"""
