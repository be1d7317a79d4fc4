"""A run for use elsewhere: model files, and the code that repeats it.

formats   .keras, SavedModel, TFLite; each checked against the run's predictions
script    the run as a Python script and a notebook
"""

from core.export.formats import CHECKED, FORMATS, MODELS, SAVED_MODEL_FILES, export, target

__all__ = ["CHECKED", "FORMATS", "MODELS", "SAVED_MODEL_FILES", "export", "target"]
