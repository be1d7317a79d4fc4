"""How good a model is, beyond one accuracy.

few_shot       accuracy with 1, 2, 4, ... labelled images a class
measures       balanced accuracy, F1, areas and others; a run that may say "I don't know"
costs          the answers of least expected cost
robustness     accuracy on corrupted test images
layer_probes   accuracy of a linear head after some of the blocks
groups         runs that were tested on the same images
agreement      how often two runs predict the same class
explanation    what may explain the difference between two runs
comparison     which of two runs is better, and what unfreezing changed
feature_duplicates  test images whose features are nearly those of a training image
label_errors   labels that are probably wrong
outliers       the images that are least like the rest of their class
leaks          the accuracy of a run without test images that are nearly training images
new_images     what a finished run answers to other images
"""
