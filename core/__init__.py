"""Transfer learning with pretrained image backbones, with no interface.

dataset -> backbone -> features (cache) -> head -> run (store) -> views

    errors, settings, progress, hardware               what all others use
    images, cifar, folders, splits, stored, datasets   pictures in; arrays, labels and named splits out
    architectures, textbook, networks, weights_file    facts about every architecture; the networks that are ours
    papers, ideas, idea_costs, verdicts, lineage       what each family thought of, costs, is good for, took from whom
    clip_towers, clip_files                            CLIP's two networks; its weights from folders of others
    backbones, equality                                a network with its weights; ours beside Keras's, tensor by tensor
    forward, speeds, features                          the compiled pass; what it costs here; what it gave, cached
    classifiers                                        published networks that name what is on a photo
    clip_tokens, clip                                  texts to tokens; texts and images in one space
    vanishing                                          gradients with and without shortcuts, measured
    heads, metrics                                     a classifier on features; how good it is
    agreements                                         how often any two runs say the same
    prompts                                            sentences with a place for a class name
    config, freezing                                   what is asked for; which layers train, read back from them
    layer_facts, anatomy, costs                        what a network is made of; what training a part of it takes
    recipes, checkpoints, runs                         what is asked for by name; a training's state; what came out
    assembly, prefix                                   the whole network of a run; its frozen front, computed once
    batches, optimizers, trainee                       the parts of a training: its input, its optimizer, its step
    stages, epochs, training, rate_finder              the training itself, and how fast it could learn
    neighbours, reduction, alignment                   who is near whom; principal components; one map laid on another
    zero_shot, prompted                                the nearest text is the answer; a CLIP asked in words
    execute, plan, rates                               the whole line in one screen; what it takes, how fast to learn
    models, predict, gradcam                           a run's network again; what models say of a photo, and why
    softmax                                            many heads on few images, for the price of one
    depths, sources, layer_probes                      a network stage by stage; vectors of images; what they tell
    activations                                        what a network sees in a photo, at every stage
    few_shot                                           how many labelled images a network is worth
    shifts, robustness                                 test images made worse; how good a run still is on them
    tsne_layout, umap_layout                           points laid out in two or three dimensions
    map_config, map_store, map_quality, maps           what a map is; maps on disk; how far to trust one; the whole line
    lessons                                            a guided path, and what of it is done
    surroundings                                       what is near an image, and where a photo belongs on a map
    script_texts, script_clip, script_network          the parts of the code that repeats a run
    script, export                                     that code; a run's model for other programs
    engine                                             who does it, and when: Dask workers
    doctor, bench_maps, bench_clip, bench              what is here, and what will be slow; how fast, against references

A module imports only modules drawn before it, and TensorFlow, Keras, scikit-learn and MLflow only inside functions: the
dashboard imports this package and must be there in two seconds.
"""
