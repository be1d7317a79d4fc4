"""Zero-shot classification: a CLIP that is told the names of the classes.

prompts       templates with a place for a class name
tokenizer     texts to tokens
encoder       texts and images to embeddings
classifier    the nearest text is the answer
queries       what the page Zero-shot asks the worker
"""
