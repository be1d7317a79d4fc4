"""What a network is made of: its layers with their parameters and arithmetic, and the cost of training part of it.

summary   the whole network
layers    each layer: parameters, multiply-accumulates, receptive field
cost      memory and time to train part of it
"""

from core.anatomy.summary import LARGEST, Anatomy, describe, find, freeze, head_params

__all__ = ["LARGEST", "Anatomy", "describe", "find", "freeze", "head_params"]
