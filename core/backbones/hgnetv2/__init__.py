"""HGNetV2, layer by layer in plain Keras, and its checkpoints as timm publishes them."""
