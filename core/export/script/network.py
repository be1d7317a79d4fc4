"""The part of a run's code that is about its network: how it is built, frozen and trained.

Pieces of plain Keras, chosen by the config; the numbers in them are constants on top of the script.
"""

import re

from core import backbones, heads, runs
from core.backbones import Backbone, networks
from core.config import RunConfig
from core.errors import RunError
from core.export.script import applications, clip
from core.export.script import snippets as texts

Piece = tuple[str, str, str]
"""Title, words, code."""


def constants(run: runs.Run) -> list[str]:
    """Lines `NAME = value  # why` for what the pieces read."""
    config, probe = run.config, _probe(run)
    lines = [f"INPUT_SIZE = {config.input_size}  # pixels, square: what the network sees"]
    lines += [f"WEIGHTS = {weights}" for weights in [_weights(config)] if weights]
    if probe:
        lines += _probe_constants(probe, "" if probe is run else "PROBE_")
    if config.trains:
        lines += _training_constants(run)
    return lines


def reads_tensors(config: RunConfig) -> bool:
    """Whether the network's weights are in a file that the script itself takes apart."""
    return _code(config).READS_TENSORS and not applications.untrained(config, backbones.get(config.backbone))


def pieces(run: runs.Run) -> list[Piece]:
    """The network and its training, in order; the last one ends with a function `predict(rows)`."""
    config, probe = run.config, _probe(run)
    found = [("The network", _network_words(config), _network(config))]
    if probe:
        words, code = texts.HEADS[probe.config.method]
        title = "The head" if probe is run else "The head first"
        if probe is not run:
            code = _renamed(code)
        elif heads.has_layers(config.method):
            code += texts.PREDICT_PROBE
        found.append((title, words, code))
    if config.trains:
        found += _training(run)
    return found


# Constants


def _probe_constants(probe: runs.Run, prefix: str) -> list[str]:
    config, chosen = probe.config, probe.tested().chosen
    if config.method == "linear":
        return [f"STRENGTH = {chosen['strength']:g}  # L2{'' if config.strength else ', chosen on validation'}"]
    if config.method == "knn":
        return [f"NEIGHBOURS = {chosen['neighbours']:.0f}{'' if config.neighbours else '  # chosen on validation'}"]
    return [
        f"{prefix}EPOCHS, {prefix}BATCH_SIZE, {prefix}LEARNING_RATE = "
        f"{config.epochs}, {config.batch_size}, {config.learning_rate:g}",
        f"STRENGTH = {config.strength:g}  # L2",
        *([f"HIDDEN = {config.hidden}  # units"] if config.method == "mlp" else []),
    ]


def _training_constants(run: runs.Run) -> list[str]:
    config = run.config
    lines = [f"BATCH_SIZE = {run.tested().batch_size or config.batch_size}"]
    if _has_head_stage(config):
        lines.append(f"HEAD_EPOCHS, HEAD_LEARNING_RATE = {config.head_epochs}, {config.head_learning_rate:g}")
    lines.append(f"EPOCHS, LEARNING_RATE = {config.epochs}, {config.learning_rate:g}")
    lines.append(f"DROPOUT = {config.dropout:g}  # share of the features that the last layer does not see in training")
    for name in ("weight_decay", "label_smoothing", "patience"):
        if value := getattr(config, name):
            lines.append(f"{name.upper()} = {value:g}")
    if config.optimizer == "sgd":
        lines.append(f"MOMENTUM = {config.momentum:g}")
    if config.head_units and not config.start:
        lines.append(f"HEAD_UNITS = {config.head_units}")
    return lines


# The network


def _network_words(config: RunConfig) -> str:
    facts = backbones.get(config.backbone)
    if config.method == "scratch":
        return f"{config.backbone}, written out: it has never seen an image, and starts from chance."
    known = "with chance for weights" if applications.untrained(config, facts) else _code(config).TRAINED
    wrong = (
        " Dividing by 255 is the book's recipe, whatever the backbone was trained on: the mistake to look at."
        if config.preprocessing == "divide255"
        else ""
    )
    return (
        f"{config.backbone} ({facts.year}) {known}. Images are resized and prepared inside the model, so that nobody "
        f"can forget it{_way(facts)}.{wrong}"
    )


def _way(facts: Backbone) -> str:
    return "" if facts.preprocessing == "clip" else f": `{facts.preprocessing}` is what Keras calls this backbone's way"


def _network(config: RunConfig) -> str:
    facts = backbones.get(config.backbone)
    parts = []
    if config.backbone in networks.OWN:
        parts += [networks.source(networks.OWN[config.backbone]), ""]
    if _mixed(config):
        parts.append('keras.config.set_dtype_policy("mixed_bfloat16")  # as the run on its GPU')
    seed = "SEED" if config.method == "scratch" else backbones.UNTRAINED_SEED
    parts.append(f"keras.utils.set_random_seed({seed})")
    parts += _code(config).built(config, facts)
    if _mixed(config):
        parts.append('keras.config.set_dtype_policy("float32")')
    if _keeps_statistics(config):
        parts += ["", texts.INFERENCE_MODE]
    parts += ["", texts.INPUT.strip()]
    if config.augmentations:
        layers = "".join(f"    {texts.AUGMENT[kind]}\n" for kind in config.augmentations)
        parts.append(f"augment = keras.Sequential([  # in training only\n{layers}])\nx = augment(x)")
    parts.append((texts.RESIZE_WHOLE if facts.preprocessing == "clip" else texts.RESIZE).strip())
    parts.append(texts.PREPARE["divide255" if config.preprocessing == "divide255" else facts.preprocessing])
    call = "InferenceMode(network)" if _keeps_statistics(config) else "network"
    parts.append(f"features = {call}(x)")
    if not config.trains:
        parts.append("backbone = keras.Model(pixels, features)  # images in, features out")
    return "\n".join(part for part in parts if part is not None)


def _keeps_statistics(config: RunConfig) -> bool:
    """Whether BatchNorm, where the backbone has any, runs in inference mode while it trains."""
    return config.method == "finetune" and config.batchnorm == "inference" and _code(config).BATCHNORM


def _weights(config: RunConfig) -> str | None:
    return _code(config).weights(config, backbones.get(config.backbone))


def _code(config: RunConfig):
    """The module that writes the code of a backbone, by its loader."""
    return {"keras": applications, "clip": clip}[backbones.get(config.backbone).loader]


def _mixed(config: RunConfig) -> bool:
    return config.encoder.precision == "bfloat16"


# Training


def _probe(run: runs.Run) -> runs.Run | None:
    """The run that trained the head: the probe itself, or the one a fine-tune started from."""
    if run.config.method not in ("finetune", "scratch"):
        return run
    if run.config.method == "scratch" or not run.config.start:
        return None
    try:
        probe = runs.get(run.config.start)
    except RunError as error:
        raise RunError(
            f"The probe whose head run {run.name} started from is gone ({run.config.start})", "it in the run store"
        ) from error
    if probe.outcome is None:
        raise RunError(f"The probe {probe.name} that run {run.name} started from is {probe.status}", "a finished run")
    return probe


def _has_head_stage(config: RunConfig) -> bool:
    return config.method == "finetune" and not config.start and config.head_epochs > 0


def _renamed(code: str) -> str:
    """A probe's code within a fine-tune, which has epochs of its own; and its features, which are not kept apart."""
    for name in ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE"):
        code = code.replace(name, f"PROBE_{name}")
    return "backbone = keras.Model(pixels, features)  # images in, features out\n" + code.lstrip()


def _training(run: runs.Run) -> list[Piece]:
    config = run.config
    found = [("The classifier on top", texts.CLASSIFIER_WORDS, _classifier(config) + _fit(config) + texts.PREDICT)]
    if _has_head_stage(config):
        code = texts.HEAD_STAGE.replace("OPTIMIZER", _optimizer(config, "HEAD_LEARNING_RATE"))
        found.append(("First stage: the head alone", texts.HEAD_STAGE_WORDS, code))
    if config.method == "finetune":
        found.append(("What is unfrozen", _unfreeze_words(run), _unfreeze(run)))
    rate, before = _schedule(config)
    code = f"{before}fit({_optimizer(config, rate)}, EPOCHS)\n"
    found.append((*texts.LAST_STAGE[config.method], code))
    return found


def _classifier(config: RunConfig) -> str:
    lines = []
    if config.start:
        lines.append(texts.FOLD.strip())
        lines += ["x = features", "for layer in hidden:", "    x = layer(x)"]
        lines += ["x = keras.layers.Dropout(DROPOUT)(x)", "x = last(x)"]
    else:
        lines += ["keras.utils.set_random_seed(SEED)", "x = features"]
        if config.head_units:
            lines.append('x = keras.layers.Dense(HEAD_UNITS, activation="relu", dtype="float32")(x)')
        lines.append("x = keras.layers.Dropout(DROPOUT)(x)")
        lines.append('x = keras.layers.Dense(len(CLASS_NAMES), activation="softmax", dtype="float32")(x)')
    return "\n".join([*lines, "model = keras.Model(pixels, x)"]) + "\n"


def _fit(config: RunConfig) -> str:
    code = texts.FIT
    smoothing = "label_smoothing=LABEL_SMOOTHING" if config.label_smoothing else ""
    code = code.replace("SMOOTHING_", smoothing).replace("PATIENCE_", "PATIENCE" if config.patience else "epochs")
    if config.class_weights == "balanced":
        code = code.replace("class_weight=None", "class_weight=class_weight")
        code = texts.CLASS_WEIGHT + code
    else:
        code = code.replace("        class_weight=None,\n", "")
    return code


def _optimizer(config: RunConfig, rate: str) -> str:
    name = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[config.optimizer]
    momentum = ", momentum=MOMENTUM" if config.optimizer == "sgd" else ""
    decay = ", weight_decay=WEIGHT_DECAY" if config.weight_decay else ", weight_decay=0" if name == "AdamW" else ""
    return f"keras.optimizers.{name}({rate}{momentum}{decay})"


def _schedule(config: RunConfig) -> tuple[str, str]:
    """The learning rate as the optimiser takes it, and the lines before it."""
    if config.schedule == "constant":
        return "LEARNING_RATE", ""
    return "rate", texts.COSINE.lstrip() if config.schedule == "cosine" else texts.ONE_CYCLE.lstrip()


def _unfreeze_words(run: runs.Run) -> str:
    outcome, config = run.tested(), run.config
    of_all = f"of {outcome.total_params:,} " if _code(config).SAME_PARAMS else ""
    counted = (
        f" In the run {outcome.trainable_weight_layers} of {outcome.weight_layers} layers with weights trained, "
        f"{outcome.trainable_params:,} {of_all}parameters."
        if outcome.weight_layers
        else ""
    )
    batchnorm = (
        " BatchNorm keeps the statistics of ImageNet (InferenceMode above)."
        if _keeps_statistics(config)
        else " BatchNorm of what trains takes its statistics from each batch."
    )
    if not _code(config).BATCHNORM:
        batchnorm = ""
    return f"Flags are set first and then counted, since a slice of a list of layers says little.{counted}{batchnorm}"


def _unfreeze(run: runs.Run) -> str:
    config = run.config
    if config.unfreeze == "all":
        code = "network.trainable = True  # everything\n"
    elif config.unfreeze == "all-but-batchnorm":
        code = texts.ALL_BUT_BATCHNORM.lstrip()
    else:
        code = _slice(run)
    return code + texts.COUNT_TRAINABLE


def _slice(run: runs.Run) -> str:
    """A slice from the end where what trains is one, since Keras numbers some layers anew; names where it is not."""
    config = run.config
    frozen = runs.frozen(run.id)
    layers = frozen.layers if frozen else ()
    order = list(dict.fromkeys(layer.name.split("/")[0] for layer in layers))
    trained = {layer.name.split("/")[0] for layer in layers if layer.trainable_params}
    weighted = {layer.name.split("/")[0] for layer in layers if layer.weight_layer}
    first = next((index for index, name in enumerate(order) if name in trained), len(order))
    if config.unfreeze == "layers":
        kept = config.unfreeze_count + 1
        why = f"all but the last {config.unfreeze_count}, and the pooling"
    elif weighted & set(order[first:]) == trained and first < len(order):
        kept = len(order) - first
        numbered = re.match(r"(conv2d|batch_normalization|activation)(_\d+)?$", order[first])  # anew in every process
        why = "all before " + (_last_blocks(config) if numbered else f"{order[first]} ({_last_blocks(config)})")
    else:
        places = [index - len(order) for index, name in enumerate(order) if name in trained]
        listed = f"TRAINED = {places}  # places from the end: {_last_blocks(config)}"
        return f"{listed}\n{texts.LISTED.strip()}\n"
    return texts.SLICE.lstrip().replace("KEPT", str(kept)).replace("WHY", why)


def _last_blocks(config: RunConfig) -> str:
    return "the last 1 block" if config.unfreeze_count == 1 else f"the last {config.unfreeze_count} blocks"
