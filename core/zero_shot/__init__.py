"""Zero-shot classification: a CLIP model classifies images by the names of the classes.

prompts       templates with a placeholder for the class name
tokenizer     texts to tokens
encoder       texts and images to embeddings
classifier    the most similar text is the answer
queries       what the Zero-shot page asks the worker to compute
tried         the prompts that people tried, the best first
published     published zero-shot accuracies, to compare with
"""
