"""Heads: classifiers that learn from features, and what each had to choose.

`METHODS` names them, `fit` trains one, `Head` predicts with it. A head sees training and validation features only;
whatever has to be chosen (strength, neighbours, epoch) is chosen by accuracy on validation.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from core.errors import BackboneError, ConfigError, DatasetError
from core.progress import Progress, Report, silent

STRENGTHS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4)  # L2, from strong to weak: each starts where the last one ended
PATIENCE = 2  # strengths in a row that may be no better than the best so far
TINIEST = np.float32(1e-37)  # a probability whose logarithm is still finite
MOST_FOR_COVARIANCE = 8192  # rows; it only steers the way to the minimum
NEIGHBOURS = (1, 3, 5, 10, 20, 50)


@dataclass(frozen=True)
class Method:
    """A kind of head, in words for the person who chooses it."""

    name: str
    title: str
    idea: str
    options: tuple[str, ...]  # the fields of Options it reads


METHODS = {
    method.name: method
    for method in (
        Method(
            "linear",
            "Linear",
            "Multinomial logistic regression, solved to its optimum by L-BFGS: the usual measure of features.",
            ("strength",),
        ),
        Method(
            "linear-adam",
            "Linear, epoch by epoch",
            "The same layer trained by Adam, with curves to watch.",
            ("seed", "epochs", "batch_size", "learning_rate", "strength"),
        ),
        Method(
            "mlp",
            "Hidden layer",
            "A hidden layer of ReLU units and a softmax, trained by Adam.",
            ("seed", "epochs", "batch_size", "learning_rate", "strength", "hidden"),
        ),
        Method(
            "knn",
            "Nearest neighbours",
            "The most similar training images vote; nothing is trained.",
            ("neighbours",),
        ),
    )
}


@dataclass(frozen=True)
class Options:
    """What a person may set; a method reads the fields that its `Method.options` names."""

    seed: int = 0
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    strength: float = 0.0  # L2: loss + strength / 2 * |W|^2; 0: linear chooses it on validation, the others use none
    neighbours: int = 0  # 0: chosen on validation
    hidden: int = 256  # units


@dataclass(frozen=True)
class Head:
    """A trained head; `arrays` is all it knows."""

    method: str
    classes: int
    arrays: dict[str, np.ndarray]
    chosen: dict[str, float] = field(default_factory=dict)  # what was chosen, on validation, and how well it did
    curves: list[dict[str, float]] = field(default_factory=list)  # a dict for each epoch: step, loss, accuracy, ...

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes) float32 for features (n, d); each row sums to 1."""
        _check(x)
        predict = _vote if self.method == "knn" else _dense
        parts = [predict(self.arrays, part, self.classes) for part in _parts(x, 256 if self.method == "knn" else 4096)]
        return np.concatenate(parts) if parts else np.empty((0, self.classes), np.float32)

    def logits(self, x: np.ndarray) -> np.ndarray:
        """What goes into the softmax, (n, classes) float32, for features (n, d).

        Raises:
            ConfigError: Nearest neighbours have none.
        """
        _check(x)
        if self.method == "knn":
            raise ConfigError("Nearest neighbours have no logits", "a head with layers", "Look at the features")
        parts = [_scores(self.arrays, part) for part in _parts(x, 4096)]
        return np.concatenate(parts) if parts else np.empty((0, self.classes), np.float32)

    def save(self, path: Path) -> None:
        """Writes one `.npz` of plain arrays, no pickle."""
        about = {"method": self.method, "classes": self.classes, "chosen": self.chosen, "curves": self.curves}
        with Path(path).open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **self.arrays)


def load(path: Path) -> Head:
    """Reads a head that `Head.save` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    return Head(**json.loads(str(arrays.pop("about"))), arrays=arrays)


def fit(
    method: str,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_val: np.ndarray,
    y_val: np.ndarray,
    *,
    classes: int,
    options: Options = Options(),
    report: Report = silent,
) -> Head:
    """Trains a head on features (n, d) float32 and labels (n,) in 0..classes-1, some of which training may lack.

    Raises:
        ConfigError: There is no such method.
        DatasetError: Nothing to train on, or nothing to choose by.
        BackboneError: Features that are not finite numbers.
    """
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}", f"one of {', '.join(METHODS)}")
    for what, labels in (("training", y_train), ("validation", y_val)):
        if not len(labels):
            raise DatasetError(f"There are no {what} images", "at least one", "Choose a larger part of the dataset")
    _check(x_train)
    _check(x_val)
    fit_method: Callable = {"linear": _fit_linear, "knn": _fit_neighbours}.get(method, _fit_by_epochs)
    arrays, chosen, curves = fit_method(method, (x_train, y_train), (x_val, y_val), classes, options, report)
    return Head(method, classes, arrays, chosen, curves)


# Linear, solved to its optimum


def _fit_linear(method, train, val, classes, options, report):
    """Minimises mean cross-entropy + strength / 2 * |W|^2 on standardised features."""
    (x, y), (x_val, y_val) = train, val
    problem = _Softmax(x, y, classes, report)
    best, curves, worse = None, [], 0
    for strength in [options.strength] if options.strength else STRENGTHS:
        loss = problem.solve(strength, tolerance=1e-4)  # validation accuracy does not change much below that
        accuracy = _accuracy(_dense(problem.arrays, x_val, classes), y_val)
        curves.append({"step": problem.passes, "strength": strength, "loss": loss, "validation_accuracy": accuracy})
        if best is None or accuracy > best[0]:
            best, worse = (accuracy, strength, problem.arrays), 0
        else:
            worse += 1
        if worse == PATIENCE:  # weaker still would fit training images only, and takes longest
            break
    _, strength, problem.arrays = best
    problem.solve(strength, tolerance=1e-6)
    accuracy = _accuracy(_dense(problem.arrays, x_val, classes), y_val)
    chosen = {"strength": strength, "validation_accuracy": accuracy, "passes": problem.passes}
    return problem.arrays, chosen, curves


class _Softmax:
    """Multinomial logistic regression of labels (n,) on features (n, d), solved for one strength after another.

    Plain L-BFGS needs hundreds of passes over features as correlated as a backbone's. Their covariance S bounds the
    curvature, for every class alike (Böhning, Multinomial logistic regression algorithm, 1992); in coordinates V with
    W = L^-T V and L L^T = a S + strength I, the minimum is the same and is reached in a third of the passes.
    """

    BLOCK = 2048  # rows; read from memory once for the loss and its gradient

    def __init__(self, x: np.ndarray, y: np.ndarray, classes: int, report: Report):
        mean, scale = moments(x)
        self.x, self.y, self.classes, self.report = _standardised(x, mean, scale), y, classes, report
        some = self.x[:: len(x) // MOST_FOR_COVARIANCE + 1]
        self.covariance = some.T @ some / len(some)  # S (d, d)
        kernel, bias = np.zeros((x.shape[1], classes), np.float32), np.zeros(classes, np.float32)  # W and b
        self.arrays = {"mean": mean, "scale": scale, "kernel_0": kernel, "bias_0": bias}
        self.passes = 0

    def solve(self, strength: float, tolerance: float) -> float:
        """Moves kernel and bias to the minimum at this strength, from where they are; returns the value there.

        Args:
            tolerance: Ends when an iteration improves the value by less than this part of it.
        """
        from scipy.linalg import cholesky, solve_triangular
        from scipy.optimize import minimize

        kernel, bias = self.arrays["kernel_0"], self.arrays["bias_0"]
        probabilities = _softmax(self.x[: self.BLOCK] @ kernel + bias)
        curvature = max(float(np.mean(probabilities * (1 - probabilities))), 1e-3)  # a, where the head is now
        identity = np.eye(len(self.covariance), dtype=np.float32)
        factor = cholesky(curvature * self.covariance + strength * identity, lower=True)  # L
        bias_factor = np.float32(np.sqrt(curvature))

        def kernel_and_bias(coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            table = coordinates.astype(np.float32).reshape(-1, self.classes)  # V (d, c) above the bias (1, c)
            return solve_triangular(factor, table[:-1], lower=True, trans="T"), table[-1] / bias_factor

        def value_and_gradient(coordinates: np.ndarray) -> tuple[float, np.ndarray]:
            value, by_kernel, by_bias = self._value_and_gradients(*kernel_and_bias(coordinates), strength)
            gradient = np.vstack([solve_triangular(factor, by_kernel, lower=True), by_bias / bias_factor])
            return value, gradient.ravel().astype(np.float64)

        found = minimize(
            value_and_gradient, np.vstack([factor.T @ kernel, bias * bias_factor]).ravel(), jac=True,
            method="L-BFGS-B", options={"maxiter": 200, "ftol": tolerance, "gtol": 1e-6},
        )  # fmt: skip
        kernel, bias = kernel_and_bias(found.x)
        self.arrays = {**self.arrays, "kernel_0": kernel, "bias_0": bias}
        return float(found.fun)

    def _value_and_gradients(
        self, kernel: np.ndarray, bias: np.ndarray, strength: float
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """The objective, its gradient by W (d, c) and by b (c,), in one pass over the features."""
        self.passes += 1
        self.report(Progress("train", self.passes, 0, unit="passes"))
        n, loss = len(self.x), 0.0
        by_kernel, by_bias = np.zeros_like(kernel), np.zeros_like(bias)
        for x, y in zip(_parts(self.x, self.BLOCK), _parts(self.y, self.BLOCK), strict=True):
            probabilities = _softmax(x @ kernel + bias)  # (b, c)
            own = probabilities[np.arange(len(y)), y]
            loss -= float(np.sum(np.log(np.maximum(own, TINIEST)), dtype=np.float64))
            probabilities[np.arange(len(y)), y] -= 1  # less the one-hot labels: the gradient by the logits
            by_kernel += x.T @ probabilities
            by_bias += probabilities.sum(axis=0)
        penalty = strength / 2 * float(np.sum(np.square(kernel), dtype=np.float64))
        return loss / n + penalty, by_kernel / n + strength * kernel, by_bias / n


# Layers trained epoch by epoch


def _fit_by_epochs(method, train, val, classes, options, report):
    import keras

    (x, y), (x_val, y_val) = train, val
    mean, scale = moments(x)
    keras.utils.set_random_seed(options.seed)
    penalty = keras.regularizers.L2(options.strength / 2) if options.strength else None
    hidden = [keras.layers.Dense(options.hidden, "relu", kernel_regularizer=penalty)] if method == "mlp" else []
    output = keras.layers.Dense(classes, "softmax", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((x.shape[1],)), *hidden, output])
    optimizer = keras.optimizers.Adam(options.learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    best, curves, told = None, [], perf_counter()

    def after_batch(batch, logs):
        nonlocal told
        if perf_counter() - told > 0.2:
            report(Progress("train", len(curves), options.epochs, unit="epochs"))
            told = perf_counter()

    def after_epoch(epoch, logs):
        nonlocal best
        point = {name.replace("val_", "validation_"): float(value) for name, value in logs.items()}
        curves.append({"step": epoch + 1, **point})
        if best is None or point["validation_accuracy"] > best[1]["validation_accuracy"]:
            best = model.get_weights(), curves[-1]
        report(Progress("train", epoch + 1, options.epochs, unit="epochs", metrics=point))

    model.fit(
        _standardised(x, mean, scale), y, validation_data=(_standardised(x_val, mean, scale), y_val),
        batch_size=options.batch_size, epochs=options.epochs, verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=after_batch, on_epoch_end=after_epoch)],
    )  # fmt: skip
    weights, point = best
    arrays = {"mean": mean, "scale": scale}
    arrays |= {f"kernel_{i}": kernel for i, kernel in enumerate(weights[::2])}
    arrays |= {f"bias_{i}": bias for i, bias in enumerate(weights[1::2])}
    chosen = {
        "epoch": point["step"],
        "validation_accuracy": point["validation_accuracy"],
        "last_epoch": options.epochs,
        "last_validation_accuracy": curves[-1]["validation_accuracy"],
    }
    return arrays, chosen, curves


# Nearest neighbours


def _fit_neighbours(method, train, val, classes, options, report):
    (x, y), (x_val, y_val) = train, val
    arrays = {"directions": _directions(x), "labels": np.asarray(y, np.int64)}
    candidates = [options.neighbours] if options.neighbours else NEIGHBOURS
    candidates = sorted({min(k, len(y)) for k in candidates})
    right, done = dict.fromkeys(candidates, 0), 0
    for part, labels in zip(_parts(x_val, 256), _parts(y_val, 256), strict=True):
        nearest = _nearest_labels(arrays, part, candidates[-1])
        for k in candidates:
            right[k] += int(np.sum(_shares(nearest[:, :k], classes).argmax(axis=1) == labels))
        done += len(labels)
        report(Progress("train", done, len(y_val)))
    k = max(candidates, key=right.__getitem__)
    curves = [{"step": k, "validation_accuracy": right[k] / len(y_val)} for k in candidates]
    chosen = {"neighbours": k, "validation_accuracy": right[k] / len(y_val)}
    return arrays | {"neighbours": np.array(k)}, chosen, curves


def _vote(arrays: dict[str, np.ndarray], x: np.ndarray, classes: int) -> np.ndarray:
    return _shares(_nearest_labels(arrays, x, int(arrays["neighbours"])), classes)


def _nearest_labels(arrays: dict[str, np.ndarray], x: np.ndarray, k: int) -> np.ndarray:
    """Labels (n, k) of the most similar training images, by cosine, the most similar first."""
    similarity = _directions(x) @ arrays["directions"].T  # (n, n_train)
    nearest = np.argpartition(similarity, -k, axis=1)[:, -k:]
    order = np.argsort(-np.take_along_axis(similarity, nearest, axis=1), axis=1, kind="stable")
    return arrays["labels"][np.take_along_axis(nearest, order, axis=1)]


def _shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """Share of the votes (n, k) for each class, (n, classes) float32."""
    votes = np.arange(classes) == labels[:, :, None]  # (n, k, classes)
    return votes.mean(axis=1, dtype=np.float32)


def _directions(x: np.ndarray) -> np.ndarray:
    """Features at length 1, so that their products are cosines."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return (x / np.where(length > 0, length, 1)).astype(np.float32)


# What several methods need


def _dense(arrays: dict[str, np.ndarray], x: np.ndarray, classes: int) -> np.ndarray:
    return _softmax(_scores(arrays, x))


def _scores(arrays: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What (n, c) comes out of every kernel and bias there is, with ReLU between them; of texts, scaled cosines."""
    if "texts" in arrays:
        return _directions(x) @ arrays["texts"].T * arrays["scale"]
    x = _standardised(x, arrays["mean"], arrays["scale"])
    layers = sum(name.startswith("kernel_") for name in arrays)
    for i in range(layers):
        x = x @ arrays[f"kernel_{i}"] + arrays[f"bias_{i}"]
        if i < layers - 1:
            np.maximum(x, 0, out=x)
    return x


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, c), written over the logits."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and scale (d,) float32 of training features; a constant feature has scale 1."""
    mean = x.mean(axis=0, dtype=np.float64)
    squares = sum(np.square(part - mean).sum(axis=0) for part in _parts(x, 4096))  # x may be large: no copy of it
    scale = np.sqrt(squares / len(x))
    constant = scale <= 1e-6 * np.abs(mean)  # as far as float32 can tell
    return mean.astype(np.float32), np.where(constant, 1, scale).astype(np.float32)


def _standardised(x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    x = x - mean
    x /= scale
    return x


def _accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def _parts(x: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    return (x[start : start + rows] for start in range(0, len(x), rows))


def _check(x: np.ndarray) -> None:
    if not all(np.isfinite(part).all() for part in _parts(x, 4096)):
        raise BackboneError(
            "Some features are not finite numbers",
            "numbers from a trained backbone",
            "Look at the weights, the preprocessing and the input size",
        )
