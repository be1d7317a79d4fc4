"""Images in; arrays, labels and named splits out.

datasets      load a dataset by name: shipped, downloaded or imported
importing     a folder or zip becomes a dataset
uploads       files of visitors, on their way into a dataset
photos        classes made on the spot from photos
class_photos  everybody's photos as one dataset
relabelling   a copy with changed labels
dataset       a dataset in memory and on disk
folders       image folders and zip archives
layout        the class and split of each file, from its folders
cifar         CIFAR-10 and CIFAR-100
flawed        the shipped sample with planted faults
shortcut      the shipped sample on backgrounds that give the class away
memory        what decoding an image takes, and a budget of it
png           what Pillow does not read of PNG files
images        decoding, resizing, preprocessing, augmentation
duplicates    test images that are also training images, pixel by pixel
near_duplicates  the same photo twice: mirrored, rotated, shifted, recompressed, resized
odd_images    images that are dark, bright, plain, blurred, tiny or cropped
sizes         whether there are enough images of each class, and to tell two models apart
splits        stratified training, validation and test splits
corruptions   corrupted test images, by kind and severity
"""
