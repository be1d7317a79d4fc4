"""Transfer learning with pretrained image backbones, with no interface.

    dataset -> backbone -> features (cache) -> head -> run (store) -> views

    errors, options, settings, progress, quoting    what all others use
    garbage, keras_defaults, hardware, threads      libraries, and this machine
    storage, arrays, download, spreadsheets         files: in the home folder, of NumPy, over HTTP, edited by people
    roster, people, limits, sign_in                 who is in a class, who may do what, and how much
    metrics, scores, neighbours, calibration        arrays in, numbers out
    data                                            images, labels, splits
    backbones                                       specs, networks, weights
    features                                        the compiled pass and its cache
    heads                                           classifiers on features
    zero_shot                                       CLIP, given the names of the classes
    config, recipes, seeds, sweeps, protocol        the settings of a run or several; how they are tested
    training                                        fine-tuning and training from scratch
    anatomy                                         views of networks, and what training them costs
    runs                                            results, and the store that keeps them
    plan, execute                                   what a run will cost, and the whole line on one screen
    embeddings                                      the vectors of images
    evaluation, explain, maps                       views of networks, runs and vectors
    challenges                                      who in the class is best on images that nobody has seen
    export, curriculum                              for other programs; for learners
    server_lock, home                               the home folder: one server each; all of it in one file
    scheduling, workers, cluster, tasks, engine     where work is done
    bench, cli                                      benchmarks; the terminal

A module imports only from its own line or the lines above. TensorFlow, Keras, scikit-learn and MLflow are imported
inside functions, because the dashboard imports this package and must start within two seconds.
"""

if __name__ == "core":  # an installed `backbone_lab.core` holds only the command, which comes here by this name
    from core import keras_defaults

    keras_defaults.install()
