"""Which pixels of an image support a class, by six methods.

    Grad-CAM              the last feature map, weighted by its gradient (see `gradcam`)
    occlusion             how much the score falls when a patch is covered: Zeiler and Fergus, ECCV 2014
    integrated gradients  gradients along the way from an empty image to this one: Sundararajan et al., ICML 2017
    SmoothGrad            the mean gradient of noisy copies: Smilkov et al., 2017 (https://arxiv.org/abs/1706.03825)
    attention rollout     of a transformer, how patches reach what its head sees: Abnar and Zuidema, ACL 2020
    gradient-weighted     the same, each attention weighted by its gradient: Chefer et al., ICCV 2021 (arXiv:2103.15679)

A pixel is taken away by giving it the mean colour of its image. A score is what the softmax is applied to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isqrt, prod
from typing import Any, NamedTuple

import numpy as np

from core import backbones
from core.backbones import graph
from core.backbones.clip.layers import attended, attends
from core.errors import RunError
from core.explain import gradcam, gradients
from core.runs import models

PATCH = 4  # the image is so many patches wide that are covered one by one, each twice, shifted by half
AT_ONCE = 16  # images, of a network that returns few values for each
VALUES_AT_ONCE = 30_000_000  # returned by all operations: gradients keep about four times as many, in float32
STEPS = 24  # of the way from the empty image
COPIES = 16  # with noise
NOISE = 0.15  # its standard deviation, of the range of the image: within the paper's 10 to 20 %

Heat = np.ndarray
"""(h, w) float32, 0 to 1: its maximum is 1, or all are 0 if nothing supports the class."""


def explain(run_id: str, method: str, image: np.ndarray, class_index: int) -> Heat:
    """Which parts of an image (s, s, 3) uint8 support a class, according to a finished run and a method of METHODS.

    Raises:
        RunError: The run has no model, or the method does not explain networks of this kind.
    """
    return of_model(models.load(run_id), method, image, class_index)


def of_model(model: Any, method: str, image: np.ndarray, class_index: int) -> Heat:
    """`explain` for a Keras model from uint8 images to probabilities."""
    heat = np.maximum(METHODS[method].compute(model, image, class_index), 0)
    highest = heat.max()
    return (heat / highest if highest > 0 else heat).astype(np.float32)


def empty(image: np.ndarray) -> np.ndarray:
    """The image (s, s, 3) float32 with nothing on it: its mean colour."""
    return np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32)


def _grad_cam(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    return gradcam.explain_model(model, image, class_index)[0]


def _occlusion(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    size, without = len(image), empty(image)
    edges = np.linspace(0, size, 2 * PATCH + 1).round().astype(int)  # of half patches
    places = [
        (slice(edges[i], edges[i + 2]), slice(edges[j], edges[j + 2]))
        for i in range(2 * PATCH - 1)
        for j in range(2 * PATCH - 1)
    ]
    covered = np.repeat(image[None].astype(np.float32), 1 + len(places), axis=0)  # the first one is whole
    for copy, place in zip(covered[1:], places, strict=True):
        copy[place] = without[place]
    scores = np.concatenate([gradients.to_numpy(gradients.scores(model, part)) for part in _batches(model, covered)])
    whole, *others = scores[:, class_index]
    falls, counts = np.zeros((size, size)), np.zeros((size, size))
    for place, score in zip(places, others, strict=True):
        falls[place] += whole - score
        counts[place] += 1
    return falls / counts


def _integrated_gradients(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    start = empty(image)
    shares = ((np.arange(STEPS) + 0.5) / STEPS).astype(np.float32)[:, None, None, None]  # the midpoint rule
    slopes = _slopes(model, start + shares * (image - start), class_index)
    return ((image - start) * slopes.mean(axis=0)).sum(axis=-1)


def _smooth_grad(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    scale = NOISE * (float(image.max()) - float(image.min()))
    noise = np.random.default_rng(0).normal(0, scale, (COPIES, *image.shape)).astype(np.float32)
    return np.abs(_slopes(model, image + noise, class_index).mean(axis=0)).sum(axis=-1)


def _rollout(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    """Attention multiplied from layer to layer, half of each for the residual connection; the same for any class."""
    _, attentions = _forward(model, image[None].astype(np.float32), _nothing(model))
    reached = np.eye(attentions[0].weights.shape[-1])
    for attention in attentions:
        weights = gradients.to_numpy(attention.weights)[0].mean(axis=0)
        reached = (weights + np.eye(len(weights))) / 2 @ reached if _among_all(weights) else weights @ reached
    return _of_patches(model, reached)


def _gradient_rollout(model: Any, image: np.ndarray, class_index: int) -> np.ndarray:
    """Attention times its gradient, where that is positive, added from layer to layer: equations 5 and 6 of the paper.

    The gradient of an attention weight follows from that of the output, which is linear in it.
    """
    pixels = image[None].astype(np.float32)

    def score(added: Any) -> tuple[Any, list[_Attention]]:
        scores, attentions = _forward(model, pixels, added)
        return scores[0, class_index], attentions

    slopes, attentions = gradients.gradient(score, _nothing(model))
    reached = np.eye(attentions[0].weights.shape[-1])
    for slope, attention in zip(slopes, attentions, strict=True):
        weights, values, kernel = map(gradients.to_numpy, attention)
        gradient = np.einsum("qo,hdo,khd->hqk", slope[0, : weights.shape[2]], kernel, values[0], optimize=True)
        raising = np.maximum(weights[0] * gradient, 0).mean(axis=0)
        reached = reached + raising @ reached if _among_all(raising) else raising @ reached
    return _of_patches(model, reached)


def _among_all(weights: np.ndarray) -> bool:
    """Whether all tokens attend to each other, beside a residual connection, and not one query to them all."""
    return weights.shape[0] == weights.shape[1]


def _of_patches(model: Any, reached: np.ndarray) -> np.ndarray:
    """What reaches the head from each patch, (n, n), the least being 0.

    Args:
        reached: (t, t) or, where attention pools the tokens, (1, t).
    """
    import keras

    side = isqrt(reached.shape[1])  # patches may follow the class token, and DeiT's for its teacher
    patches = slice(-(side**2), None)
    averages = any(isinstance(layer, keras.layers.GlobalAveragePooling1D) for layer in graph.leaves(model))
    heat = (reached[patches].mean(axis=0) if averages else reached[0])[patches].reshape(side, side)
    return heat - heat.min()


class _Attention(NamedTuple):
    """What one attention computed: its output is the weighted values times the kernel."""

    weights: Any  # (b, heads, t, t), from tokens or one query, in rows that sum to 1, to tokens
    values: Any  # (b, t, heads, d)
    kernel: Any  # (heads, d, width)


def _forward(model: Any, pixels: Any, added: Any) -> tuple[Any, list[_Attention]]:
    """The scores (b, classes) before the softmax, and every attention.

    Args:
        added: (attentions, b, t, width), to the output of each.
    """
    import keras

    attentions: list[_Attention] = []

    def attend(attention: Any, query: Any, x: Any) -> Any:
        y, weights = attention(query, x, return_attention_scores=True)
        attentions.append(_Attention(weights, attention.value_dense(x), attention.output_dense.kernel))
        return y + keras.ops.cast(added[len(attentions) - 1][:, : y.shape[1]], y.dtype)

    def do(operation: Any, *args: Any, **kwargs: Any) -> Any:
        return attended(operation, args, attend) if attends(operation) else operation(*args, **kwargs)

    return gradients.scores(model, pixels, do), attentions


def _nothing(model: Any) -> np.ndarray:
    """Zeros for `_forward` to add.

    Raises:
        RunError: The network has no attention among all its patches.
    """
    layers = [layer for layer in graph.leaves(model) if attends(layer)]
    if not layers:
        raise RunError(
            "This network has no attention among all its patches",
            "a transformer, such as ViT or CLIP",
            "Choose Grad-CAM",
        )
    return np.zeros((len(layers), 1, *layers[0].output.shape[1:]), np.float32)


def _slopes(model: Any, images: np.ndarray, class_index: int) -> np.ndarray:
    """The gradient (b, s, s, 3) of a class's score with respect to the pixels of each image."""
    import keras

    def score(x: Any) -> tuple[Any, None]:
        return keras.ops.sum(gradients.scores(model, x)[:, class_index]), None

    return np.concatenate([gradients.gradient(score, part)[0] for part in _batches(model, images)])


def _batches(model: Any, images: np.ndarray) -> list[np.ndarray]:
    most = min(max(VALUES_AT_ONCE // _values(model), 1), AT_ONCE)
    return np.array_split(images, -(-len(images) // most))


def _values(network: Any) -> int:
    """How many values all operations of a network return for an image, also inside networks."""
    import keras

    return sum(
        _values(use.operation)
        if isinstance(use.operation, keras.Model)
        else sum(prod(output.shape[1:]) for output in use.outputs)
        for use in graph.uses(network)
    )


@dataclass(frozen=True)
class Method:
    """A way to explain an image."""

    title: str
    how: str  # what its maps show
    compute: Callable[[Any, np.ndarray, int], np.ndarray]  # model, image, class -> (h, w), positive where it supports
    of_class: bool = True  # whether its maps differ from class to class
    needs: str = ""  # "maps" or "tokens", of a network that it explains; "": neither


METHODS = {
    "grad-cam": Method(
        "Grad-CAM",
        "the last feature map, weighted by how much it raises the score of the class",
        _grad_cam,
        needs="maps",
    ),
    "occlusion": Method("Occlusion", "how far the score falls when a patch is covered", _occlusion),
    "integrated-gradients": Method(
        "Integrated gradients",
        "gradients summed on the way from an empty image to this one",
        _integrated_gradients,
    ),
    "smoothgrad": Method(
        "SmoothGrad",
        f"the mean gradient of {COPIES} noisy copies: where pixels matter, for or against the class",
        _smooth_grad,
    ),
    "rollout": Method(
        "Attention rollout",
        "how patches reach what the head sees, for any class",
        _rollout,
        of_class=False,
        needs="tokens",
    ),
    "gradient-rollout": Method(
        "Gradient-weighted rollout",
        "how patches reach what the head sees, by the attention that raises the score of the class",
        _gradient_rollout,
        needs="tokens",
    ),
}
TITLES = {name: method.title for name, method in METHODS.items()}


def titles(architectures: Iterable[str]) -> dict[str, str]:
    """Method -> its title, of the methods that explain at least one of these architectures."""
    have = {"tokens" if backbones.get(name).has_tokens else "maps" for name in architectures}
    return {name: method.title for name, method in METHODS.items() if method.needs in {"", *have}}
