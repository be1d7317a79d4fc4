"""The idea behind each network family: a short explanation, a formula, the paper, and an interactive demo."""

from dataclasses import dataclass

from core.backbones.catalog import BACKBONES, Backbone
from core.curriculum.papers import PAPERS, Paper


@dataclass(frozen=True)
class Idea:
    """One idea, explained in five minutes."""

    paper: Paper
    title: str
    text: str  # Markdown
    formula: str  # LaTeX; "" if none helps
    symbols: str  # the meaning of its symbols
    demo: str  # a name in `dashboard.anatomy.idea_demos`


IDEAS = (
    Idea(
        PAPERS["LeNet"],
        "Look through small windows, the same everywhere",
        "The same few weights slide over the whole image, so a stroke is found wherever it is. Pooling then discards "
        "a little of its position. Two rounds of that, and a classifier trained together with the features: every "
        "later network follows this plan.",
        r"y_{i,j} = \sum_{u,v} w_{u,v}\, x_{i+u,\,j+v} + b",
        "The weights w do not depend on the position (i, j).",
        "kernels",
    ),
    Idea(
        PAPERS["VGG"],
        "Only 3 x 3, but many",
        "Large windows are not needed: two stacked 3 x 3 convolutions see as far as one of 5 x 5, and three as far as "
        "one of 7 x 7. They have fewer weights and more ReLUs in between, so they are more expressive. The rest is "
        "discipline: halve the resolution, double the channels, repeat.",
        r"\begin{gathered} \underbrace{n \cdot 9\,C^2}_{n \text{ times } 3 \times 3} \\ \text{against} \\"
        r" \underbrace{(2n+1)^2\,C^2}_{\text{one large window}} \end{gathered}",
        "C channels in and out; both see 2n + 1 pixels.",
        "kernels",
    ),
    Idea(
        PAPERS["GoogLeNet"],
        "Several windows at once",
        "Objects appear at many sizes, so a module looks through 1 x 1, 3 x 3 and 5 x 5 windows in parallel and passes "
        "all results on. A 1 x 1 convolution in front makes this affordable: it reduces the channels before the large "
        "window has to read them.",
        r"k^2\,C\,M \;\longrightarrow\; C\,R + k^2\,R\,M",
        "A window k reads C channels and outputs M; reduced to R first.",
        "reduction",
    ),
    Idea(
        PAPERS["InceptionV3"],
        "Factorise large windows",
        "The same modules with their large windows replaced: 5 x 5 by two 3 x 3, and n x n by 1 x n followed by n x 1. "
        "With BatchNorm everywhere and label smoothing it was twice as accurate per computation as what came before.",
        r"n^2\,C^2 \;\longrightarrow\; 2\,n\,C^2",
        "An n x n window as a row and a column, C channels.",
        "reduction",
    ),
    Idea(
        PAPERS["ResNet"],
        "Learn the change, keep the rest",
        "Deeper plain networks got worse, even on their own training images: they were too hard to train. A residual "
        "block adds its input to its output, so that doing nothing is easy and each block only learns what to change. "
        "The gradient can bypass every block. 152 layers became trainable.",
        r"\begin{gathered} y = F(x) + x \\ \frac{\partial y}{\partial x} = F'(x) + 1 \end{gathered}",
        "F is two or three convolutions; the 1 comes from the shortcut around them.",
        "gradients",
    ),
    Idea(
        PAPERS["ResNetV2"],
        "Leave the shortcut alone",
        "ResNet has a ReLU after each addition. With ReLU and BatchNorm moved into the block, in front of each "
        "convolution, the shortcut runs unchanged from the first block to the last. Even a thousand layers can be "
        "trained.",
        r"x_L = x_l + \sum_{i=l}^{L-1} F(x_i)",
        "Any deep block sees any earlier one plus a sum of changes.",
        "gradients",
    ),
    Idea(
        PAPERS["InceptionResNet"],
        "Modules with a shortcut",
        "Inception modules as the F of a residual block: a 1 x 1 convolution restores the width of the input, and the "
        "result is scaled down (0.1 to 0.3) before it is added, because very wide modules otherwise trained unstably. "
        "It learned much faster than the same modules without shortcuts.",
        r"y = x + \alpha\, F(x)",
        "F is an Inception module, α a small constant.",
        "reduction",
    ),
    Idea(
        PAPERS["DenseNet"],
        "Reuse every feature",
        "Each layer reads the outputs of all earlier layers in its block and adds a few channels of its own: the "
        "growth rate, 32. No layer has to learn the same feature twice, so few parameters suffice. The price is memory "
        "and time: the same channels are read again and again.",
        r"\begin{gathered} x_l = H_l\left([x_0, x_1, \ldots, x_{l-1}]\right) \\ C_l = k_0 + l\,k \end{gathered}",
        "[ ] concatenates channels; k is the growth rate.",
        "dense",
    ),
    Idea(
        PAPERS["Xception"],
        "Separate space from channels",
        "A convolution looks around and mixes channels in one step. Inception began to separate the two; Xception goes "
        "all the way: one window per channel, then a 1 x 1 convolution across the channels. With as many parameters as "
        "InceptionV3 it was more accurate.",
        r"\underbrace{k^2\,C\,M}_{\text{standard}} \;\longrightarrow\; \underbrace{k^2\,C}_{\text{look}}"
        r" + \underbrace{C\,M}_{\text{mix}}",
        "A window k, C channels in, M out.",
        "separable",
    ),
    Idea(
        PAPERS["MobileNet"],
        "Look and mix, on a phone",
        "Thirteen separable convolutions and nothing else. Two numbers shrink it for weaker devices: a width "
        "multiplier for the channels and the resolution of the input.",
        r"\frac{k^2\,C + C\,M}{k^2\,C\,M} = \frac{1}{M} + \frac{1}{k^2}",
        "The cost relative to a standard convolution: about one ninth for 3 x 3.",
        "separable",
    ),
    Idea(
        PAPERS["MobileNetV2"],
        "Wide inside, narrow outside",
        "Residual blocks turned inside out: the shortcut joins the narrow ends, and the cheap depthwise convolution "
        "works in a middle six times as wide. The last 1 x 1 has no ReLU, because with so few channels a ReLU would "
        "destroy information for good.",
        r"\begin{gathered} C \xrightarrow{1 \times 1} tC \\ \xrightarrow{k \times k \text{ depthwise}} tC \\"
        r" \xrightarrow{1 \times 1 \text{, linear}} C \end{gathered}",
        "t is the expansion, usually 6.",
        "inverted",
    ),
    Idea(
        PAPERS["MobileNetV3"],
        "Found by a search, finished by hand",
        "One search chose the blocks by their speed on real phones, another trimmed channels, and people did the rest: "
        "squeeze and excite (weighting whole channels by what the image shows), a swish that phones compute quickly, "
        "and a cheaper beginning and end.",
        r"\text{h-swish}(x) = x \cdot \frac{\text{ReLU6}(x + 3)}{6}",
        "A piecewise approximation of swish.",
        "inverted",
    ),
    Idea(
        PAPERS["NASNet"],
        "Let a machine design the cell",
        "A search tried thousands of small cells on CIFAR-10, each made of blocks that join two earlier results "
        "through two operations; the best cell was then stacked for ImageNet. It was the most accurate network of its "
        "time and the hardest to read: a cell has dozens of branches, and many small operations are slow.",
        r"\prod_{b=1}^{B} (b+1)^2 \cdot P^2 \cdot 2",
        "Cells of B blocks; each chooses two earlier results, two of P operations, and one of two ways to join them.",
        "search",
    ),
    Idea(
        PAPERS["EfficientNet"],
        "Scale depth, width and resolution together",
        "A network can be made deeper or wider, or see more pixels; each alone soon stops helping. EfficientNet scales "
        "all three in a fixed proportion, found by a small search on B0. A single number φ then sets the scale: B1 to "
        "B7 are the same network at larger φ.",
        r"\begin{gathered} d = \alpha^{\phi},\; w = \beta^{\phi},\; r = \gamma^{\phi} \\"
        r" \alpha\,\beta^2\,\gamma^2 \approx 2 \end{gathered}",
        "Depth, width, resolution; computation roughly doubles with each step of φ.",
        "scaling",
    ),
    Idea(
        PAPERS["EfficientNetV2"],
        "Fast to train, not only small",
        "Counting operations is misleading: depthwise convolutions are cheap on paper but slow on accelerators, "
        "especially in early layers, where feature maps are large. V2 uses plain convolutions there (Fused-MBConv), "
        "was found by a search that rewards training speed, and trains on small images first, larger ones later.",
        r"\begin{gathered} \underbrace{C \xrightarrow{1 \times 1} tC"
        r" \xrightarrow{3 \times 3 \text{ dw}} tC}_{\text{MBConv}} \\"
        r" \longrightarrow \underbrace{C \xrightarrow{3 \times 3} tC}_{\text{fused}} \end{gathered}",
        "More operations, fewer steps.",
        "scaling",
    ),
    Idea(
        PAPERS["ConvNeXt"],
        "A ResNet that learned from transformers",
        "Starting from ResNet-50, the authors adopted the design of vision transformers step by step: patches first, "
        "large windows, LayerNorm, few activations, a wide middle, and modern training. It matched them without "
        "attention.",
        r"\begin{gathered} y = x + \lambda \odot W_2\,\text{GELU}(W_1\,z) \\"
        r" z = \text{LN}(\text{dw}_{7 \times 7}(x)) \end{gathered}",
        "W₁ makes it four times wider, W₂ narrow again; λ is one number per channel.",
        "window",
    ),
    Idea(
        PAPERS["ViT"],
        "Patches are words",
        "The image is cut into squares of 16 or 32 pixels, and each becomes a token, as a word does in a text. "
        "Position embeddings say where it was, and a class token in front gathers the answer. In every block all "
        "tokens attend to all others, so the first one already sees the whole image. Nothing in it prefers neighbours: "
        "it has to learn that, from very many images.",
        r"\text{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right) V",
        "Q, K and V are three dense layers of the same tokens; d is the width of a head.",
        "tokens",
    ),
    Idea(
        PAPERS["DeiT"],
        "Few images, strong augmentation, and a teacher",
        "The network of ViT, trained on ImageNet alone. Strong augmentation stands in for the images it lacks, and a "
        "second token learns from a teacher: a convolutional network whose answers it has to repeat. So it takes over "
        "some of what convolutions know about neighbours.",
        r"\tfrac{1}{2}\,\text{CE}(z_{\text{class}}, y) + \tfrac{1}{2}\,\text{CE}(z_{\text{teacher}}, y_t)",
        "z are the outputs at the two tokens, y is the label and y_t the answer of the teacher.",
        "tokens",
    ),
    Idea(
        PAPERS["Swin"],
        "Attention in windows, in stages",
        "Attention of all patches to all others grows with the square of their number. Here patches attend only to "
        "those of their window, and every second block moves the windows by half their size, so that neighbours meet. "
        "Between stages four patches become one with twice the channels, as in a convolutional network: there are "
        "small patches at first, and feature maps at four resolutions.",
        r"\text{softmax}\left(\frac{Q K^\top}{\sqrt{d}} + B\right) V",
        "Q, K and V are those of one window; B is one learned number for each distance inside it.",
        "windows",
    ),
    Idea(
        PAPERS["HGNetV2"],
        "Concatenate once, and learn from a teacher",
        "DenseNet concatenates after every layer, which moves much memory. Here the layers of a block simply follow "
        "each other; at its end all their outputs are concatenated, once, and mixed: much faster on a graphics "
        "processor. The published weights learned without labels: a teacher network answered the images of ImageNet "
        "and others from ImageNet-22k, and this network learned to answer alike.",
        r"\begin{gathered} y = W\,[x_0;\, x_1;\, \ldots;\, x_6] \\ x_i = f_i(x_{i-1}) \end{gathered}",
        "x₀ enters the block; each f is one of its six layers; W is two 1 x 1 convolutions.",
        "dense",
    ),
    Idea(
        PAPERS["DINOv2"],
        "Learn from images alone",
        "Nobody labelled anything. A student sees small crops of an image and a teacher large ones, and the student "
        "has to say what the teacher makes of the whole image and of patches that it was not shown. The teacher is the "
        "running mean of the student. Such features serve tasks that nobody had in mind.",
        r"\theta_t \leftarrow m\,\theta_t + (1 - m)\,\theta_s",
        "The weights of the teacher follow those of the student; m is close to 1.",
        "tokens",
    ),
    Idea(
        PAPERS["CLIP"],
        "Learn from captions, not from labels",
        "Images on the web come with text. Two networks, one for images and one for text, are trained together until "
        "each image is closest to its own caption among all captions in a batch. A class is then a sentence, and the "
        "closest sentence is the answer: nobody labelled any images. The image network here is a transformer: it cuts "
        "the image into patches, turns each into a token, and lets every token attend to all others.",
        r"p(\text{text } k \mid \text{image } i) = \frac{e^{\,s\, u_i \cdot v_k}}{\sum_j e^{\,s\, u_i \cdot v_j}}",
        "u is the vector of an image, v that of a text, both of unit length; s is learned.",
        "tokens",
    ),
    Idea(
        PAPERS["SigLIP2"],
        "Does this text fit this image?",
        "CLIP asks which of all texts fits an image best, so the answers share 100 %. Here every pair of an image and "
        "a text is a question of its own, to be answered with yes or no: no text has to fit, and several may. That "
        "needs no comparison across a batch. It also learned to write captions and to say where things are, and, as "
        "DINOv2, to guess patches it was not shown.",
        r"p(\text{text } k \text{ fits image } i) = \frac{1}{1 + e^{-(s\, u_i \cdot v_k + b)}}",
        "u is the vector of an image, v that of a text, both of unit length; s and b are learned.",
        "tokens",
    ),
)

_BY_PAPER = {idea.paper.url: idea for idea in IDEAS}


def of(backbone: str | Backbone) -> Idea | None:
    """The idea of an architecture's paper; None if it has no paper (the course's CNN)."""
    spec = backbone if isinstance(backbone, Backbone) else BACKBONES[backbone]
    return _BY_PAPER.get(spec.paper_url)
