"""Images in; arrays, labels and named splits out.

datasets      a dataset by its name: shipped, downloaded or imported
dataset       an imported dataset on disk
folders       image folders and zip archives
cifar         CIFAR-10 and CIFAR-100
images        decoding, resizing, preprocessing
splits        stratified training, validation and test splits
corruptions   test images made worse, by kind and severity
"""
