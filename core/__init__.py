"""Transfer learning with pretrained image backbones, with no interface.

    dataset -> backbone -> features (cache) -> head -> run (store) -> views

    errors, options, settings, progress    what all others use
    keras_defaults                         Keras without the settings of other work
    hardware                               this machine, in words
    storage, download                      files of the home folder; one file over HTTP
    metrics, neighbours                    arrays in, numbers out
    data                                   images, labels, splits
    backbones                              facts, networks, weights
    features                               the compiled pass and its cache
    heads                                  classifiers on features
    zero_shot                              a CLIP that is told the class names
    config, recipes, protocol              what a run is asked to do, and how it is tested
    training                               fine-tuning and training from scratch
    runs                                   results, and the store that keeps them
    execute, plan                          the whole line in one screen, and what it will take
    embeddings                             which vectors of which images
    anatomy, evaluation, explain, maps     what can be seen in networks, runs and vectors
    export, curriculum                     for other programs; for learners
    engine, bench, cli                     who does the work; how fast; from a terminal

A module imports only from its own line or the lines above. TensorFlow, Keras, scikit-learn and MLflow are imported
inside functions: the dashboard imports this package and has to start in two seconds.
"""

from core import keras_defaults

keras_defaults.install()
