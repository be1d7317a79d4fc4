"""SigLIP 2: its image and text towers, and its published checkpoints of fixed resolution."""
