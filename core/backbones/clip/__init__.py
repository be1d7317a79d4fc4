"""CLIP: its image and text towers, and its published checkpoints."""
