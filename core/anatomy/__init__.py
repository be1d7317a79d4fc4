"""What a network is made of: its layers with their arithmetic, and what training part of it costs.

summary   the whole network, described
layers    one layer: parameters, multiply-accumulates, receptive field
cost      memory and time of training part of it
"""

from core.anatomy.summary import LARGEST, Anatomy, describe, find, freeze, head_params

__all__ = ["LARGEST", "Anatomy", "describe", "find", "freeze", "head_params"]
