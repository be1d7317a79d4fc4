"""The code that repeats a run.

script         the script and the notebook
network        the network and its training
applications   a network of Keras Applications or our own
clip           the image tower of a CLIP, written out
snippets       the fixed parts of the text
"""
