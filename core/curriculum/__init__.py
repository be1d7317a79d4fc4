"""Teaching content: what the lessons and pages say about families of architectures.

lessons               guided lessons, and which steps are done
ideas                 the idea of each family
arithmetic            what each idea costs
verdicts              what each family is good for
lineage               which architecture took what from which
papers                the papers
vanishing_gradients   gradients with and without shortcuts, measured
parity                the chapter's networks beside Keras's, tensor by tensor
"""
