"""A run for use elsewhere: model files, and the code that repeats it.

writers       the model as Keras, SavedModel, LiteRT, ONNX or OpenVINO
classify      the script that goes with each, and runs it on image files
agreement     whether that script predicts what the run predicted
formats       all of this as one step; and the code
quantization  the network in fewer bits: how large, how fast, how good
script        the run as a Python script and a notebook
"""

from core.export.agreement import CHECKED
from core.export.formats import FORMATS, export, target
from core.export.writers import SAVED_MODEL_FILES

__all__ = ["CHECKED", "FORMATS", "SAVED_MODEL_FILES", "export", "target"]
