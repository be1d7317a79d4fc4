"""Challenges: who in the class is best on images that nobody has seen.

challenge    what the lecturer opens and closes, and its public and hidden images
entries      predictions for these images: of a run, or from a file
ranking      who leads, who is truly apart, and how far the public ranking was luck
package      the images for a notebook of one's own, in one zip
"""

from core.challenges.challenge import Challenge, Cut, Rules, close, create, cut, names, of_dataset, read
from core.challenges.entries import Entry, check_run, enter_file, enter_run, of, version
from core.challenges.package import pack, packed
from core.challenges.ranking import Luck, Place, accuracies, luck, ranked

__all__ = [
    "Challenge",
    "Cut",
    "Entry",
    "Luck",
    "Place",
    "Rules",
    "accuracies",
    "check_run",
    "close",
    "create",
    "cut",
    "enter_file",
    "enter_run",
    "luck",
    "names",
    "of",
    "of_dataset",
    "pack",
    "packed",
    "ranked",
    "read",
    "version",
]
