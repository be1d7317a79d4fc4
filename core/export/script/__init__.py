"""The code that repeats a run.

script         the script and the notebook
network        the network and its training
applications   how a network from Keras Applications, or one of our own, is built
clip           the image tower of CLIP, written out
siglip         that of SigLIP 2
hgnetv2        HGNetV2, written out
hub            other vision transformers, written out
tensors        what these share: weights from safetensors, the class token
snippets       the fixed parts of the code
"""
