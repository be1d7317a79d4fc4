"""What models say about one photo, and why.

imagenet      the published ImageNet classifiers
predict       the answers of every classifier and run
novelty       whether a photo resembles what a probe was trained on
attribution   the parts of an image that speak for a class, by six methods
gradcam       one of them
gradients     of a network with respect to its input
faithfulness  whether such maps can be trusted
shortcut      whether a run has learned the background
activations   feature maps, stage by stage
"""
