"""Teaching content: what the lessons and pages say about families of architectures.

lessons               guided lessons, each a question and steps to its answer
tasks                 which tasks of lessons are done, what is left, and preparing them
answers               what people answered to the questions of lessons
gradebook             who did which lesson, and answered what
ideas                 the idea behind each family
arithmetic            what each idea costs
verdicts              what each family is good for
lineage               which architecture borrowed what from which
book                  the book's table and mind map, compared with the facts
papers                the papers cited
vanishing_gradients   gradients with and without shortcuts, measured
parity                our textbook networks compared with Keras's, tensor by tensor
"""
