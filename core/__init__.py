"""Transfer learning with pretrained image backbones, with no interface.

    dataset -> backbone -> features (cache) -> head -> run (store) -> views

    errors, options, settings, progress    used by all others
    garbage                                imports without garbage collection
    keras_defaults                         Keras without the settings of other programs
    hardware, threads                      a description of this machine; how many of its cores products use
    storage, arrays, download              files of the home folder; of NumPy; one over HTTP
    roster, people, limits, sign_in        who is in a class, who may do what, and how much of it
    quoting                                text from outside in code and documents
    spreadsheets                           tables that people have edited
    metrics, scores, neighbours            arrays in, numbers out
    calibration                            confidence against accuracy, and against chance
    data                                   images, labels, splits
    backbones                              specs, networks, weights
    features                               the compiled pass and its cache
    heads                                  classifiers on features
    zero_shot                              CLIP, given the names of the classes
    config, recipes, seeds, sweeps         the settings of a run or several
    protocol                               how they are tested
    training                               fine-tuning and training from scratch
    anatomy                                views of networks, and what training them costs
    runs                                   results, and the store that keeps them
    plan, execute                          what a run will cost, and the whole line on one screen
    embeddings                             the vectors of images
    evaluation, explain, maps              views of networks, runs and vectors
    challenges                             who in the class is best on images that nobody has seen
    export, curriculum                     for other programs; for learners
    server_lock                            one server for each home folder
    home                                   all of that folder in one file
    scheduling, workers, engine            where work is done
    bench, cli                             benchmarks; the terminal

A module imports only from its own line or the lines above. TensorFlow, Keras, scikit-learn and MLflow are imported
inside functions, because the dashboard imports this package and must start within two seconds.
"""

if __name__ == "core":  # an installed `backbone_lab.core` holds only the command, which comes here by this name
    from core import keras_defaults

    keras_defaults.install()
