"""What each network family thought of: a few sentences of our own, a formula, the paper, and what to play with."""

from dataclasses import dataclass

from core.backbones.catalog import BACKBONES, Backbone
from core.curriculum.papers import PAPERS, Paper


@dataclass(frozen=True)
class Idea:
    """One idea, as told in five minutes."""

    paper: Paper
    title: str
    text: str  # Markdown
    formula: str  # LaTeX; "" where none helps
    symbols: str  # what its letters mean
    plaything: str  # kernels, reduction, gradients, dense, separable, search, inverted, scaling, window, tokens, or ""


# fmt: off
IDEAS = (
    Idea(
        PAPERS["LeNet"], "Look at small windows, everywhere alike",
        "The same few weights slide over the whole picture, so a stroke is found wherever it is. Pooling then "
        "forgets a little of the place. Two rounds of that, and a classifier that learns together with what it is "
        "fed: that was the plan of every network after it.",
        r"y_{i,j} = \sum_{u,v} w_{u,v}\, x_{i+u,\,j+v} + b",
        "The weights w do not depend on the place (i, j).", "kernels",
    ),
    Idea(
        PAPERS["VGG"], "Only 3 x 3, but many",
        "Large windows are not needed: two 3 x 3 convolutions, one after the other, see as far as one of 5 x 5, "
        "three as far as one of 7 x 7. They have fewer weights and more ReLUs in between, so they can say more. The "
        "rest is discipline: halve the picture, double the channels, repeat.",
        r"\begin{gathered} \underbrace{n \cdot 9\,C^2}_{n \text{ times } 3 \times 3} \\ \text{against} \\"
        r" \underbrace{(2n+1)^2\,C^2}_{\text{one large window}} \end{gathered}",
        "C channels in and out; both see 2n + 1 pixels far.", "kernels",
    ),
    Idea(
        PAPERS["GoogLeNet"], "Several windows at once",
        "Things in pictures have many sizes, so a module looks through 1 x 1, 3 x 3 and 5 x 5 windows side by side and "
        "hands on all answers. What makes it affordable is a 1 x 1 convolution in front: it narrows the channels "
        "before the large window has to read them.",
        r"k^2\,C\,M \;\longrightarrow\; C\,R + k^2\,R\,M",
        "A window k reads C channels and gives M; narrowed to R first.", "reduction",
    ),
    Idea(
        PAPERS["InceptionV3"], "Take large windows apart",
        "The same modules, with large windows replaced: 5 x 5 by two 3 x 3, and n x n by 1 x n followed by n x 1. With "
        "BatchNorm everywhere and softened labels it was twice as accurate per computation as what came before.",
        r"n^2\,C^2 \;\longrightarrow\; 2\,n\,C^2",
        "A window of n x n as a row and a column, C channels.", "reduction",
    ),
    Idea(
        PAPERS["ResNet"], "Learn the change, keep the rest",
        "Deeper plain networks got worse, even on their own training images: they were too hard to train. A residual "
        "block adds its input to its output, so that doing nothing is easy and each block only learns what to change. "
        "The gradient has a way around every block. 152 layers became trainable.",
        r"\begin{gathered} y = F(x) + x \\ \frac{\partial y}{\partial x} = F'(x) + 1 \end{gathered}",
        "F is two or three convolutions; the 1 is the way around them.", "gradients",
    ),
    Idea(
        PAPERS["ResNetV2"], "Leave the shortcut alone",
        "In ResNet a ReLU stood on the way around the blocks. Moved inside, in front of each convolution together with "
        "BatchNorm, the shortcut runs from the first block to the last untouched. Even a thousand layers train then.",
        r"x_L = x_l + \sum_{i=l}^{L-1} F(x_i)",
        "Any deep block sees any earlier one, plus a sum of changes.", "gradients",
    ),
    Idea(
        PAPERS["InceptionResNet"], "Modules with a way around",
        "Inception modules as the F of a residual block: a 1 x 1 convolution brings their answer back to the width of "
        "the input, and it is added after being scaled down (0.1 to 0.3), for very wide ones did not train stably "
        "otherwise. It learned much faster than the same modules without shortcuts.",
        r"y = x + \alpha\, F(x)", "F is an Inception module, α a small constant.", "reduction",
    ),
    Idea(
        PAPERS["DenseNet"], "Nothing is forgotten",
        "Each layer reads what all layers before it in its block have found, and adds a little of its own: a growth "
        "rate of 32 channels. Nobody has to find the same thing twice, so few parameters are enough. The price is "
        "memory and time: long lists of channels are read again and again.",
        r"\begin{gathered} x_l = H_l\left([x_0, x_1, \ldots, x_{l-1}]\right) \\ C_l = k_0 + l\,k \end{gathered}",
        "[ ] joins channels; k is the growth rate.", "dense",
    ),
    Idea(
        PAPERS["Xception"], "Space and channels are two questions",
        "A convolution looks around and mixes channels in one step. Inception had begun to separate the two; Xception "
        "goes all the way: one window a channel, then a 1 x 1 convolution over the channels. With as many parameters "
        "as InceptionV3 it was more accurate.",
        r"\underbrace{k^2\,C\,M}_{\text{standard}} \;\longrightarrow\; \underbrace{k^2\,C}_{\text{look}}"
        r" + \underbrace{C\,M}_{\text{mix}}",
        "A window k, C channels in, M out.", "separable",
    ),
    Idea(
        PAPERS["MobileNet"], "Look and mix, for the telephone",
        "The separable convolution, and nothing else, stacked thirteen times. Two numbers make it smaller for weaker "
        "machines: a width multiplier for the channels and the resolution of the input.",
        r"\frac{k^2\,C + C\,M}{k^2\,C\,M} = \frac{1}{M} + \frac{1}{k^2}",
        "The share of a standard convolution that is left: near one ninth for 3 x 3.", "separable",
    ),
    Idea(
        PAPERS["MobileNetV2"], "Wide inside, narrow outside",
        "Residual blocks turned inside out: narrow ends that are kept and added, a middle six times as wide in which "
        "the cheap depthwise window works. The last 1 x 1 has no ReLU, for in few channels a ReLU would throw away "
        "what cannot be found again.",
        r"\begin{gathered} C \xrightarrow{1 \times 1} tC \\ \xrightarrow{k \times k \text{ depthwise}} tC \\"
        r" \xrightarrow{1 \times 1 \text{, linear}} C \end{gathered}", "t is the expansion, 6 as a rule.", "inverted",
    ),
    Idea(
        PAPERS["MobileNetV3"], "Found by a search, finished by hand",
        "A search chose the blocks for real telephones, another shaved off channels, and people did the rest: squeeze "
        "and excite (weigh whole channels by what the image shows), a swish that a telephone can compute, and a "
        "cheaper beginning and end.",
        r"\text{h-swish}(x) = x \cdot \frac{\text{ReLU6}(x + 3)}{6}", "A swish made of straight lines.", "inverted",
    ),
    Idea(
        PAPERS["NASNet"], "Let a machine draw the cell",
        "A search tried thousands of small cells on CIFAR-10, each built of blocks that join two earlier results by "
        "two operations; the best cell was then stacked on ImageNet. It was the most accurate of its time, and the "
        "hardest to read: a cell has dozens of branches, and many small operations are slow.",
        r"\prod_{b=1}^{B} (b+1)^2 \cdot P^2 \cdot 2",
        "Cells of B blocks; each chooses two earlier results, two of P operations, and one of two ways to join them.",
        "search",
    ),
    Idea(
        PAPERS["EfficientNet"], "Grow in all directions at once",
        "A network can grow deeper, wider, or see more pixels; each alone soon stops helping. EfficientNet grows all "
        "three in a fixed proportion, found by a small search on B0. One number φ then says how much of everything: "
        "B1 to B7 are the same network at other φ.",
        r"\begin{gathered} d = \alpha^{\phi},\; w = \beta^{\phi},\; r = \gamma^{\phi} \\"
        r" \alpha\,\beta^2\,\gamma^2 \approx 2 \end{gathered}",
        "Depth, width, resolution; computation about doubles with each step of φ.", "scaling",
    ),
    Idea(
        PAPERS["EfficientNetV2"], "Fast to train, not only small",
        "Counting operations had misled: depthwise windows are cheap on paper and slow on accelerators, above all "
        "early, where the maps are large. V2 uses plain convolutions there (Fused-MBConv), searched with training "
        "speed in mind, and learned on small images first, on larger ones later.",
        r"\begin{gathered} \underbrace{C \xrightarrow{1 \times 1} tC"
        r" \xrightarrow{3 \times 3 \text{ dw}} tC}_{\text{MBConv}} \\"
        r" \longrightarrow \underbrace{C \xrightarrow{3 \times 3} tC}_{\text{fused}} \end{gathered}",
        "More operations, fewer steps.", "scaling",
    ),
    Idea(
        PAPERS["ConvNeXt"], "A ResNet that learned from transformers",
        "Starting from ResNet-50 the authors took over, one by one, what vision transformers do: patches first, large "
        "windows, LayerNorm, few activations, a wide middle, and the modern way of training. No attention was needed "
        "to be as good as they were.",
        r"\begin{gathered} y = x + \lambda \odot W_2\,\text{GELU}(W_1\,z) \\"
        r" z = \text{LN}(\text{dw}_{7 \times 7}(x)) \end{gathered}",
        "W₁ widens four times, W₂ narrows again, λ is one number a channel.", "window",
    ),
    Idea(
        PAPERS["CLIP"], "Learn from captions, not from labels",
        "Pictures on the web come with words. Two networks learn together, one for pictures and one for texts, until "
        "of all captions in a batch each picture is nearest to its own. A class is then a sentence, and the nearest "
        "one the answer: nobody labelled an image for it. The network for pictures is here a transformer: it cuts the "
        "picture into patches, makes a token of each, and every token looks at all others.",
        r"p(\text{text } k \mid \text{picture } i) = \frac{e^{\,s\, u_i \cdot v_k}}{\sum_j e^{\,s\, u_i \cdot v_j}}",
        "u is the vector of a picture, v that of a text, both of length 1; s is learned.", "tokens",
    ),
)
# fmt: on

_BY_PAPER = {idea.paper.url: idea for idea in IDEAS}


def of(backbone: str | Backbone) -> Idea | None:
    """The idea behind an architecture: that of its paper; None where it has none of its own (the course's CNN)."""
    facts = backbone if isinstance(backbone, Backbone) else BACKBONES[backbone]
    return _BY_PAPER.get(facts.paper_url)
