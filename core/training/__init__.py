"""Training a network's own weights: fine-tuning and training from scratch.

trainer        the whole training; resumes from its last checkpoint
phases         the head alone, then the unfrozen layers; or all from scratch
loop           one phase, epoch by epoch
step           one compiled training step
losses         cross-entropy, the same on TensorFlow and JAX
distillation   learning from the answers of another run
model          backbone and head as one network
freezing       which layers train
frozen_front   the output of the frozen layers, computed once
inputs         shuffled, augmented batches
optimizers     optimizers and learning-rate schedules
layer_decay    learning rates that differ by block
checkpoints    a training's state on disk
lr_finder      the learning-rate range test
"""

from core.training.trainer import Trained, check, fit

__all__ = ["Trained", "check", "fit"]
