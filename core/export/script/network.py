"""The part of a run's code that builds, freezes and trains its network.

Snippets of plain Keras, chosen by the config; their numbers are constants at the top of the script.
"""

import itertools
import re
import textwrap

from core import backbones, heads, runs
from core.backbones import Backbone, networks
from core.config import RunConfig
from core.data.images import PREPROCESSING
from core.errors import RunError
from core.export.script import applications, clip, hgnetv2, hub, siglip, snippets
from core.training import freezing, layer_decay

Piece = tuple[str, str, str]
"""Title, explanation, code."""


def constants(run: runs.Run) -> list[str]:
    """Lines `NAME = value  # why` for the constants that the pieces use."""
    config, probe = run.config, _probe(run)
    lines = [f"INPUT_SIZE = {config.input_size}  # pixels, square: what the network sees"]
    lines += [f"WEIGHTS = {weights}" for weights in [_weights(config)] if weights]
    if probe:
        lines += _probe_constants(probe, "" if probe is run else "PROBE_")
    if config.trains:
        lines += _training_constants(run)
    return lines


def reads_tensors(config: RunConfig) -> bool:
    """Whether the script parses the weights file itself."""
    return _code(config).READS_TENSORS and not applications.untrained(config, backbones.get(config.backbone))


def pieces(run: runs.Run) -> list[Piece]:
    """The network and its training, in order; the last one ends with a function `predict(rows)`."""
    config, probe = run.config, _probe(run)
    sections = [("The network", _network_text(config), _network(config))]
    if probe:
        text, code = snippets.HEADS[probe.config.method]
        title = "The head" if probe is run else "The head first"
        if probe is not run:
            code = _renamed(code)
        elif heads.has_layers(config.method):
            code += snippets.PREDICT_PROBE
        sections.append((title, text, code))
    if config.trains:
        sections += _training(run)
    return sections


# Constants


def _probe_constants(probe: runs.Run, prefix: str) -> list[str]:
    config, chosen = probe.config, probe.tested().chosen
    if config.method == "linear":
        return [f"STRENGTH = {chosen['strength']:g}  # L2{'' if config.strength else ', chosen on validation'}"]
    if config.method == "knn":
        return [f"NEIGHBOURS = {chosen['neighbours']:.0f}{'' if config.neighbours else '  # chosen on validation'}"]
    lines = [
        f"{prefix}EPOCHS, {prefix}BATCH_SIZE, {prefix}LEARNING_RATE = "
        f"{config.epochs}, {config.batch_size}, {config.learning_rate:g}",
        f"STRENGTH = {config.strength:g}  # L2",
    ]
    if config.method == "mlp":
        lines.append(f"HIDDEN = {config.hidden}  # units")
    return lines


def _training_constants(run: runs.Run) -> list[str]:
    config = run.config
    lines = [f"BATCH_SIZE = {run.tested().batch_size or config.batch_size}"]
    if _has_head_phase(config):
        lines.append(f"HEAD_EPOCHS, HEAD_LEARNING_RATE = {config.head_epochs}, {config.head_learning_rate:g}")
    lines.append(f"EPOCHS, LEARNING_RATE = {config.epochs}, {config.learning_rate:g}")
    lines.append(f"DROPOUT = {config.dropout:g}  # share of the features hidden from the last layer in training")
    for name in ("weight_decay", "label_smoothing", "patience"):
        if value := getattr(config, name):
            lines.append(f"{name.upper()} = {value:g}")
    if config.layer_decay < 1:
        lines.append(f"LAYER_DECAY = {config.layer_decay:g}  # learning rate of a block as a share of the next one's")
    if config.optimizer == "sgd":
        lines.append(f"MOMENTUM = {config.momentum:g}")
    if config.head_units and not config.start:
        lines.append(f"HEAD_UNITS = {config.head_units}")
    return lines


# The network


def _network_text(config: RunConfig) -> str:
    spec = backbones.get(config.backbone)
    if config.method == "scratch":
        return f"{config.backbone}, written out: it has never seen an image and starts from random weights."
    weights = "with random weights" if applications.untrained(config, spec) else _code(config).TRAINED
    mistake = (
        " Dividing by 255 is the book's recipe, whatever the backbone was trained on: the mistake to look at."
        if config.preprocessing == "divide255"
        else ""
    )
    return (
        f"{config.backbone} ({spec.year}) {weights}. Images are resized and preprocessed inside the model, so that "
        f"nobody can forget it{_preprocessing(spec)}.{mistake}"
    )


def _preprocessing(spec: Backbone) -> str:
    return f" (Keras calls this backbone's preprocessing `{spec.preprocessing}`)" if spec.loader == "keras" else ""


def _network(config: RunConfig) -> str:
    spec = backbones.get(config.backbone)
    parts = []
    if config.backbone in networks.OWN:
        parts += [networks.source(networks.OWN[config.backbone]), ""]
    if _mixed(config):
        parts.append('keras.config.set_dtype_policy("mixed_bfloat16")  # as in the run')
    seed = "SEED" if config.method == "scratch" else backbones.UNTRAINED_SEED
    parts.append(f"keras.utils.set_random_seed({seed})")
    parts += _code(config).built(config, spec)
    if _mixed(config):
        parts.append('keras.config.set_dtype_policy("float32")')
    if _keeps_statistics(config):
        parts += ["", snippets.INFERENCE_MODE]
    parts += ["", snippets.INPUT.strip()]
    if config.augmentations:
        layers = "".join(f"    {snippets.AUGMENT[kind]}\n" for kind in config.augmentations)
        parts.append(f"augment = keras.Sequential([  # only in training\n{layers}])\nx = augment(x)")
    parts.append((snippets.RESIZE_WHOLE if PREPROCESSING[spec.preprocessing].whole else snippets.RESIZE).strip())
    parts.append(snippets.PREPARE["divide255" if config.preprocessing == "divide255" else spec.preprocessing])
    call = "InferenceMode(network)" if _keeps_statistics(config) else "network"
    parts.append(f"features = {call}(x)")
    if not config.trains:
        parts.append("backbone = keras.Model(pixels, features)  # images in, features out")
    return "\n".join(parts)


def _keeps_statistics(config: RunConfig) -> bool:
    """Whether the backbone has BatchNorm layers, and they stay in inference mode during training."""
    has = backbones.get(config.backbone).batchnorm
    return has and config.method == "finetune" and config.batchnorm == "inference"


def _weights(config: RunConfig) -> str | None:
    return _code(config).weights(config, backbones.get(config.backbone))


def _code(config: RunConfig):
    """The module that writes the code of this backbone."""
    loader = backbones.get(config.backbone).loader
    return {"keras": applications, "clip": clip, "hgnetv2": hgnetv2, "hub": hub, "siglip": siglip}[loader]


def _mixed(config: RunConfig) -> bool:
    return config.encoder.precision == "bfloat16"


# Training


def _probe(run: runs.Run) -> runs.Run | None:
    """The run that trained the head: a probe itself, or the one a fine-tune started from."""
    if run.config.method not in ("finetune", "scratch"):
        return run
    if run.config.method == "scratch" or not run.config.start:
        return None
    try:
        probe = runs.get(run.config.start)
    except RunError as error:
        raise RunError(
            f"The probe {run.config.start} that run {run.name} started from was deleted", "that probe in the run store"
        ) from error
    if probe.outcome is None:
        raise RunError(f"The probe {probe.name} that run {run.name} started from is {probe.status}", "a finished run")
    return probe


def _has_head_phase(config: RunConfig) -> bool:
    return config.method == "finetune" and not config.start and config.head_epochs > 0


def _renamed(code: str) -> str:
    """A probe's code as part of a fine-tune, whose own constants have the same names."""
    for name in ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE"):
        code = code.replace(name, f"PROBE_{name}")
    return "backbone = keras.Model(pixels, features)  # images in, features out\n" + code.lstrip()


def _training(run: runs.Run) -> list[Piece]:
    config = run.config
    code = _classifier(config) + _fit(config) + snippets.PREDICT
    sections = [("The classifier on top", snippets.CLASSIFIER_TEXT, code)]
    if _has_head_phase(config):
        code = snippets.HEAD_PHASE.replace("OPTIMIZER", _optimizer(config, "HEAD_LEARNING_RATE"))
        sections.append(("First phase: the head alone", snippets.HEAD_PHASE_TEXT, code))
    if config.method == "finetune":
        sections.append(("What is unfrozen", _unfreeze_text(run), _unfreeze(run)))
    title, text = snippets.LAST_PHASE[config.method]
    if config.layer_decay < 1:
        sections.append((title, f"{text} {snippets.LAYER_DECAY_TEXT}", _layer_decay(run)))
    else:
        rate, before = _schedule(config)
        sections.append((title, text, f"{before}fit({_optimizer(config, rate)}, EPOCHS)\n"))
    return sections


def _layer_decay(run: runs.Run) -> str:
    frozen = runs.frozen(run.id) or freezing.describe(run.config)
    distance = layer_decay.distances(frozen)
    of_layer = {layer.name.split("/")[0]: distance[layer.block] for layer in frozen.layers if layer.weight_layer}
    groups = [(value, len([*equal])) for value, equal in itertools.groupby(of_layer.values())]
    lines = [textwrap.fill(f"{[*numbers]},", 96, subsequent_indent=" ") for numbers in zip(*groups, strict=True)]
    rate, before = _schedule(run.config)
    before = before.replace("LEARNING_RATE", "share * LEARNING_RATE")
    code = snippets.LAYER_DECAY.lstrip().replace("TABLE", textwrap.indent("\n".join(lines), "    "))
    code = code.replace("SCHEDULE_\n", textwrap.indent(before, "    "), 1)
    return code.replace("OPTIMIZER", _optimizer(run.config, rate if before else "share * LEARNING_RATE"))


def _classifier(config: RunConfig) -> str:
    lines = []
    if config.start:
        lines.append(snippets.FOLD.strip())
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
    code = snippets.FIT
    smoothing = "label_smoothing=LABEL_SMOOTHING" if config.label_smoothing else ""
    code = code.replace("SMOOTHING_", smoothing).replace("PATIENCE_", "PATIENCE" if config.patience else "epochs")
    if config.class_weights == "balanced":
        code = code.replace("class_weight=None", "class_weight=class_weight")
        code = snippets.CLASS_WEIGHT + code
    else:
        code = code.replace("        class_weight=None,\n", "")
    return code


def _optimizer(config: RunConfig, rate: str) -> str:
    name = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[config.optimizer]
    momentum = ", momentum=MOMENTUM" if config.optimizer == "sgd" else ""
    decay = ", weight_decay=WEIGHT_DECAY" if config.weight_decay else ", weight_decay=0" if name == "AdamW" else ""
    return f"keras.optimizers.{name}({rate}{momentum}{decay})"


def _schedule(config: RunConfig) -> tuple[str, str]:
    """The learning rate, as an argument of the optimizer, and the lines that define it."""
    if config.schedule == "constant":
        return "LEARNING_RATE", ""
    return "rate", snippets.COSINE.lstrip() if config.schedule == "cosine" else snippets.ONE_CYCLE.lstrip()


def _unfreeze_text(run: runs.Run) -> str:
    outcome, config = run.tested(), run.config
    of_all = f"of {outcome.total_params:,} " if _code(config).SAME_PARAMS else ""
    counted = (
        f" In the run, {outcome.trainable_weight_layers} of {outcome.weight_layers} layers with weights trained, "
        f"{outcome.trainable_params:,} {of_all}parameters."
        if outcome.weight_layers
        else ""
    )
    batchnorm = (
        " BatchNorm keeps the statistics of ImageNet (InferenceMode above)."
        if _keeps_statistics(config)
        else " BatchNorm layers that train take their statistics from each batch."
    )
    if not backbones.get(config.backbone).batchnorm:
        batchnorm = ""
    return (
        "The flags are set first and then counted, since a slice of a list of layers does not show what trains."
        f"{counted}{batchnorm}"
    )


def _unfreeze(run: runs.Run) -> str:
    config = run.config
    if config.unfreeze == "all":
        code = "network.trainable = True  # everything\n"
    elif config.unfreeze == "all-but-batchnorm":
        code = snippets.ALL_BUT_BATCHNORM.lstrip()
    else:
        code = _slice(run)
    return code + snippets.COUNT_TRAINABLE


def _slice(run: runs.Run) -> str:
    """A slice where the layers that train are the last ones, otherwise their positions.

    Not their names: Keras numbers the default ones anew in every process.
    """
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
        numbered = re.match(r"(conv2d|batch_normalization|activation)(_\d+)?$", order[first])  # a default name
        why = "all before " + (_last_blocks(config) if numbered else f"{order[first]} ({_last_blocks(config)})")
    else:
        positions = [index - len(order) for index, name in enumerate(order) if name in trained]
        listed = f"TRAINED = {positions}  # positions from the end: {_last_blocks(config)}"
        return f"{listed}\n{snippets.LISTED.strip()}\n"
    return snippets.SLICE.lstrip().replace("KEPT", str(kept)).replace("WHY", why)


def _last_blocks(config: RunConfig) -> str:
    return "the last 1 block" if config.unfreeze_count == 1 else f"the last {config.unfreeze_count} blocks"
