"""The snippets of plain Keras from which `core.export.script.network` assembles the code of a run.

Names in capitals are constants at the top of the script, or are replaced: OPTIMIZER, SMOOTHING_, PATIENCE_, KEPT, WHY,
POOL, TABLE, SCHEDULE_.
"""

INPUT = """
pixels = keras.Input(images.shape[1:], dtype="uint8")
x = keras.ops.cast(pixels, "float32")
"""

RESIZE = """
if images.shape[1] != INPUT_SIZE:
    smooth = images.shape[1] > INPUT_SIZE  # aliasing appears only when images shrink
    x = keras.ops.image.resize(x, (INPUT_SIZE, INPUT_SIZE), interpolation="bilinear", antialias=smooth)
"""

RESIZE_WHOLE = """
if images.shape[1] != INPUT_SIZE:  # rows, then columns, each rounded: as Pillow did when this network was trained
    smooth = images.shape[1] > INPUT_SIZE  # aliasing appears only when images shrink
    for size in ((images.shape[1], INPUT_SIZE), (INPUT_SIZE, INPUT_SIZE)):
        x = keras.ops.image.resize(x, size, interpolation="bicubic", antialias=smooth)
        x = keras.ops.clip(keras.ops.round(x), 0, 255)
"""

_IMAGENET = (
    "x = (x - np.float32([123.675, 116.28, 103.53])) / np.float32([58.395, 57.12, 57.375])  # ImageNet's statistics"
)
PREPARE = {
    "caffe": "x = x[..., ::-1] - np.float32([103.939, 116.779, 123.68])  # BGR minus ImageNet's mean",
    "tf": "x = x / 127.5 - 1  # -1 to 1, as in its training",
    "torch": _IMAGENET,
    "torch-bicubic": _IMAGENET,
    "clip": (
        "x = x / 255 - np.float32([0.48145466, 0.4578275, 0.40821073])  # statistics of its training images\n"
        "x = x / np.float32([0.26862954, 0.26130258, 0.27577711])"
    ),
    "inside": "# pixels stay at 0 to 255: this network scales them itself",
    "divide255": "x = x / 255  # 0 to 1, whatever the network was trained on",
}

AUGMENT = {
    "flip": 'keras.layers.RandomFlip("horizontal"),',
    "crop": 'keras.layers.RandomTranslation(1 / 8, 1 / 8, fill_mode="reflect", interpolation="nearest"),',
    "colour": (
        "keras.layers.RandomBrightness(0.1), keras.layers.RandomContrast(0.2), "
        "keras.layers.RandomSaturation((0.44, 0.55)),"
    ),
}

INFERENCE_MODE = '''
class InferenceMode(keras.layers.Layer):
    """Runs a network in inference mode, even in training: BatchNorm keeps ImageNet's statistics.

    network(x, training=False) is not enough: `fit` overrides it in a functional model (keras#20285).
    """

    def __init__(self, network):
        super().__init__()
        self.network = network

    def call(self, x):
        return self.network(x, training=False)
'''

EFFICIENTNET_FILE = """
for layer in network.layers:  # the file holds standard deviations where Keras expects variances
    if isinstance(layer, keras.layers.Normalization):
        layer.adapt_variance.assign(keras.ops.square(layer.adapt_variance))
        layer.finalize_state()
"""

NORM_LAST = """
norm = network.layers[-1]  # LayerNorm, which follows the pooling
network = keras.Model(network.input, norm(POOL(norm.input)))
"""

STANDARDISE = """
x_train, x_val = (backbone.predict(images[rows]) for rows in (train, val))  # (n, d)
mean = x_train.mean(axis=0, dtype=float)
scale = x_train.std(axis=0, dtype=float)
scale[scale <= 1e-6 * np.abs(mean)] = 1  # a feature with the same value for all images
"""

LINEAR = """
keras.utils.set_random_seed(SEED)
head = keras.Sequential([
    keras.Input(x_train.shape[1:]),
    keras.layers.Normalization(mean=mean, variance=scale**2),
    keras.layers.Dense(
        len(CLASS_NAMES), activation="softmax", kernel_regularizer=keras.regularizers.L2(STRENGTH / 2)
    ),
])
# A convex problem: every run that trains long enough ends at the same weights. The rate falls to 0 on the way.
rate = keras.optimizers.schedules.CosineDecay(0.01, 1000)
head.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
parts = np.array_split(rng.permutation(len(train)), -(-len(train) // 4096))  # one part up to 4,096 images
for step in range(1000):
    part = parts[step % len(parts)]
    head.train_on_batch(x_train[part], labels[train][part])
print(f"validation accuracy {head.evaluate(x_val, labels[val], verbose=0)[1]:.4f}")
"""

BY_EPOCHS = """
penalty = keras.regularizers.L2(STRENGTH / 2) if STRENGTH else None
head = keras.Sequential([
    keras.Input(x_train.shape[1:]),
    keras.layers.Normalization(mean=mean, variance=scale**2),
DENSE_LAYERS])
head.compile(
    keras.optimizers.Adam(LEARNING_RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)


def batches():
    \"\"\"Batches without end, shuffled anew in every epoch.\"\"\"
    order = np.random.default_rng(SEED)
    while True:
        shuffled = order.permutation(len(train))
        for start in range(0, len(train), BATCH_SIZE):
            part = shuffled[start : start + BATCH_SIZE]
            yield x_train[part], labels[train][part]


head.fit(
    batches(), steps_per_epoch=-(-len(train) // BATCH_SIZE), validation_data=(x_val, labels[val]), epochs=EPOCHS,
    verbose=2,
    callbacks=[keras.callbacks.EarlyStopping("val_accuracy", patience=EPOCHS, restore_best_weights=True)],
)
"""

KNN = '''
def directions(rows):
    """Features scaled to length 1, so that their dot products are cosines."""
    x = backbone.predict(images[rows])
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


train_directions = directions(train)


def predict(rows):
    """Each class's share of the votes of the most similar training images."""
    nearest = np.argsort(-directions(rows) @ train_directions.T, axis=1, kind="stable")[:, :NEIGHBOURS]
    return (labels[train][nearest][:, :, None] == np.arange(len(CLASS_NAMES))).mean(axis=1)
'''

PREDICT_PROBE = """

def predict(rows):
    return head.predict(backbone.predict(images[rows]))
"""

STANDARDISED = (
    "Every image passes through the backbone once. The features are scaled to mean 0 and standard deviation 1."
)
HIDDEN_LAYER = """    keras.layers.Dense(
        HIDDEN, "relu", kernel_initializer=keras.initializers.GlorotUniform(SEED), kernel_regularizer=penalty
    ),
"""
LAST_LAYER = """    keras.layers.Dense(
        len(CLASS_NAMES), "softmax", kernel_initializer=keras.initializers.GlorotUniform(SEED),
        kernel_regularizer=penalty,
    ),
"""
LAYER_AFTER_HIDDEN = LAST_LAYER.replace("(SEED)", "(SEED + 1)")
HEADS = {
    "linear": (
        f"{STANDARDISED} Then one layer with a softmax: logistic regression, trained until it converges.",
        (STANDARDISE + LINEAR).strip() + "\n",
    ),
    "linear-adam": (
        f"{STANDARDISED} Then one layer with a softmax, epoch by epoch; the epoch best on validation is kept.",
        (STANDARDISE + BY_EPOCHS.replace("DENSE_LAYERS", LAST_LAYER)).strip() + "\n",
    ),
    "mlp": (
        f"{STANDARDISED} Then a hidden layer and a softmax, epoch by epoch; the epoch best on validation is kept.",
        (STANDARDISE + BY_EPOCHS.replace("DENSE_LAYERS", HIDDEN_LAYER + LAYER_AFTER_HIDDEN)).strip() + "\n",
    ),
    "knn": ("Nothing is trained: the most similar training images vote.", KNN.strip() + "\n"),
}

FOLD = """
# The trained head, with the standardisation folded into its first layer: ((x - mean) / scale) W + b
_, *hidden, last = head.layers
first = [*hidden, last][0]
kernel, bias = first.get_weights()
first.set_weights([kernel / scale[:, None], bias - (mean / scale) @ kernel])
"""

CLASSIFIER_TEXT = (
    "Images in, probabilities out, in one model. It is evaluated on the validation images after every epoch, and the "
    "best epoch is kept."
)

CLASS_WEIGHT = """
counts = np.bincount(labels[train], minlength=len(CLASS_NAMES))
class_weight = dict(enumerate(len(train) / (len(CLASS_NAMES) * counts)))  # rare classes count more
"""

FIT = '''
targets = keras.utils.to_categorical(labels, len(CLASS_NAMES))


def fit(optimizer, epochs):
    """Train the unfrozen layers, then restore the epoch that was best on validation."""
    model.compile(optimizer, loss=keras.losses.CategoricalCrossentropy(SMOOTHING_), metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping("val_accuracy", patience=PATIENCE_, restore_best_weights=True)
    model.fit(
        images[train],
        targets[train],
        validation_data=(images[val], targets[val]),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        class_weight=None,
        callbacks=[best],
        verbose=2,
    )
'''

PREDICT = """

def predict(rows):
    return model.predict(images[rows])
"""

HEAD_PHASE_TEXT = (
    "An untrained head would send large gradients into the backbone and spoil it. So the backbone stays frozen until "
    "the head has learned something."
)
HEAD_PHASE = """
network.trainable = False
fit(OPTIMIZER, HEAD_EPOCHS)
"""

LAST_PHASE = {  # title and text
    "finetune": (
        "Head and unfrozen layers together",
        "At a low learning rate, which adjusts what the backbone has learned instead of erasing it.",
    ),
    "scratch": ("Training", "The whole network at once: a network with random weights has nothing worth freezing."),
}

SLICE = """
network.trainable = True
for layer in network.layers[:-KEPT]:  # WHY
    layer.trainable = False
"""

LISTED = """
network.trainable = True
for position, layer in enumerate(network.layers, start=-len(network.layers)):
    layer.trainable = position in TRAINED
"""

ALL_BUT_BATCHNORM = """
network.trainable = True
for layer in network.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
"""

LAYER_DECAY_TEXT = (
    "Each block of layers learns at a share of the next one's rate: the nearer a block is to the image, the more "
    "general its features are, and the less they should change."
)
LAYER_DECAY = """
DISTANCES = np.repeat(  # of each layer with weights: how many blocks it is from the head
TABLE
)


def optimizer(share):
    \"\"\"The optimizer of weights that learn at this share of the learning rate.\"\"\"
SCHEDULE_
    return OPTIMIZER


weighted = [layer for layer in network.layers if layer.weights]
shares = {
    id(weight): LAYER_DECAY**int(distance)
    for layer, distance in zip(weighted, DISTANCES, strict=True)
    for weight in layer.weights
}
optimizers = {share: optimizer(share) for share in {1.0, *shares.values()}}  # 1: the head's
fit(keras.optimizers.MultiOptimizer(lambda weight: optimizers[shares.get(id(weight), 1.0)]), EPOCHS)
"""

COUNT_TRAINABLE = """
trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
print(f"{trainable:,} of {network.count_params():,} parameters of the backbone train")
"""

COSINE = """
steps = EPOCHS * -(-len(train) // BATCH_SIZE)
rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
"""

ONE_CYCLE = """
steps = EPOCHS * -(-len(train) // BATCH_SIZE)
warm = max(round(0.3 * steps), 1)  # up during the first 30 %, then down to 0
rate = keras.optimizers.schedules.CosineDecay(
    LEARNING_RATE / 25, max(steps - warm, 1), warmup_target=LEARNING_RATE, warmup_steps=warm
)
"""
