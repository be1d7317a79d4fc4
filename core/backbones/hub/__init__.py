"""Vision transformers of KerasHub, layer by layer in plain Keras, and their checkpoints."""
