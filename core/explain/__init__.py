"""What models say about one photo, and why.

imagenet      the published ImageNet classifiers
predict       the answers of every classifier and run
gradcam       the regions that speak for a class
activations   feature maps, stage by stage
"""
