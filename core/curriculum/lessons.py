"""Lessons: a guided path through the laboratory, in the order of the chapter and of the exercise.

A step names the page it opens, already set up, and what is to be done there; whether it is done is read from the runs
and the maps that are there, never ticked. Everything works on what is shipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from core import backbones, execute, maps, runs
from core.config import ZERO_SHOT, RunConfig
from core.errors import ConfigError, LabError
from core.progress import Report, silent
from core.zero_shot import encoder

# What a learner's own run must share with the one that a step asks for: seeds and epochs are theirs.
CHECKED = ("dataset", "backbone", "method", "input_size", "preprocessing", "n_train")
OF_FINE_TUNES = ("unfreeze", "unfreeze_count")
LINKED = (*CHECKED, *OF_FINE_TUNES, "epochs", "n_test")  # what the link to the page Train sets


@dataclass(frozen=True)
class Step:
    """One thing to do and to think about."""

    title: str
    text: str  # Markdown
    page: str  # of `pages/`, opened when the step begins
    do: str
    choices: Mapping[str, str] = field(default_factory=dict)  # for its address bar
    starts: str = ""  # the run, by its name in the lesson, that the page Train is set up for
    runs: tuple[str, ...] = ()  # those that must be finished, by their names in the lesson
    mapped: str = ""  # a fine-tune whose maps before and after must be drawn
    question: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Lesson:
    """A question, and the steps to its answer."""

    title: str
    question: str
    runs: Mapping[str, RunConfig]
    steps: tuple[Step, ...]


MAP = "umap"  # the method of the maps before and after

_V2, _VGG = backbones.get("MobileNetV2"), backbones.get("VGG16")
_SMALL = RunConfig(input_size=96)  # a minute in all, on two cores
_FEW = replace(_SMALL, n_train=500)
_TUNED = replace(_FEW, method="finetune", epochs=3, unfreeze="blocks", unfreeze_count=2, batch_size=0, learning_rate=0)
_SCRATCH = RunConfig(backbone="CustomCNN", method="scratch", n_train=500, epochs=10)

LESSONS: dict[str, Lesson] = {
    "preprocessing": Lesson(
        "Preprocessing matters",
        "What does it cost to feed a network other pixels than those it learned from?",
        {"own": _SMALL, "divided": replace(_SMALL, preprocessing="divide255")},
        (
            Step(
                "Look at the images",
                "Ten classes, small photographs, cut from CIFAR-10. A network never sees them as you do: first they "
                "are enlarged, then their pixels are turned into the numbers that **this** network was trained with.",
                "data",
                "Find the training, validation and test images of the sample.",
                question="Why does the test split have a colour of its own on this page?",
                answer="Because nothing may be chosen by it. Heads learn on training images, strengths are chosen on "
                "validation, and the test images are asked once.",
            ),
            Step(
                "A probe, pixels as they should be",
                "A **linear probe** leaves the network as it is, computes its features once, and trains one linear "
                "layer on them. EfficientNet-Lite0 wants pixels from -1 to 1.",
                "train",
                "Press Start, and watch where the time goes: into the features, not into the head.",
                starts="own",
                runs=("own",),
                question="Why does a second probe on the same images take some seconds only?",
                answer="Features are kept by network, weights, images, size and preprocessing. Only the head is new.",
            ),
            Step(
                "The same probe, divided by 255",
                "The book divides every pixel by 255, whatever the network. Open More: the only difference is under "
                "Pixels.",
                "train",
                "Guess what it costs in points, then press Start.",
                starts="divided",
                runs=("divided",),
                question="Why can a head not make up for it?",
                answer="The head sees features only. Filters that learned on values from -1 to 1 now get half of that "
                "range, shifted: contrasts shrink, and what was different becomes alike before the head sees it.",
            ),
            Step(
                "Is it chance?",
                "Both runs were tested on the same images, so that they can be compared image by image: McNemar's test "
                "counts those that only one of them gets right.",
                "compare",
                "Pick both runs in the table, and read the sentence.",
                runs=("own", "divided"),
                question="Which mistake of the book would you now look for first in your own code?",
                answer="The line that calls `preprocess_input`: is it the one of this network, and is it called once? "
                "EfficientNet and ConvNeXt take 0 to 255 and divide inside; dividing before does it twice.",
            ),
        ),
    ),
    "freezing": Lesson(
        "Frozen or not",
        "With 500 labelled images: is it better to leave the network as it is, to train its end, or to begin anew?",
        {"probe": _FEW, "tuned": _TUNED, "scratch": _SCRATCH},
        (
            Step(
                "Frozen: a linear probe",
                "Everything that ImageNet taught stays. Only the head's 12,810 numbers learn, from 500 images.",
                "train",
                "Press Start.",
                starts="probe",
                runs=("probe",),
                question="How many images is a class here?",
                answer="Fifty, of ten classes, the same number of each: the draw is stratified.",
            ),
            Step(
                "Unfrozen: the last two blocks",
                "First the head alone, then the head and the last two blocks together, at a hundredth of the rate. The "
                "strip on this page is read from the network after the plan was applied: it shows what really trains.",
                "train",
                "Read the strip, then press Start and watch the second stage begin.",
                starts="tuned",
                runs=("tuned",),
                question="Why a hundredth of the rate?",
                answer="The weights are good already. Steps that suit a new head would tear them apart before the head "
                "could tell them what is wanted.",
            ),
            Step(
                "From scratch: a network that has seen nothing",
                "The course's own small network, trained on the same 500 images alone.",
                "train",
                "Guess its accuracy, then press Start.",
                starts="scratch",
                runs=("scratch",),
                question="What would it need to catch up?",
                answer="Images. Edges, textures and shapes have to be learned from these 500, while the others got "
                "them from a million.",
            ),
            Step(
                "Which was worth it?",
                "Accuracy against time, with intervals. Where intervals overlap, 500 test images cannot tell.",
                "compare",
                "Look for the three runs in the picture of accuracy against time.",
                runs=("probe", "tuned", "scratch"),
                question="When would you unfreeze?",
                answer="When the probe is not good enough, there are images enough, and the time is there; and then "
                "compare on the same test images, for the gain is often smaller than it feels.",
            ),
        ),
    ),
    "depth": Lesson(
        "Depth is not speed",
        "Is a network with more layers slower?",
        {
            "shallow": RunConfig(backbone="VGGSmall", method="scratch", n_train=500, epochs=2),
            "deep": RunConfig(backbone="ResNet20", method="scratch", n_train=500, epochs=2),
        },
        (
            Step(
                "Two published networks",
                "Opened beside each other: layers with weights, parameters, and multiplications for one image (MACs).",
                "anatomy",
                "Compare the two columns: which has more layers, which more MACs?",
                choices={"backbone": "MobileNetV2", "with": "VGG16"},
                question="Which one would you expect to be faster?",
                answer=f"{_V2.name} has {_V2.depth} layers with weights, {_VGG.name} {_VGG.depth}; yet it took "
                f"{_V2.cpu_ms} ms a step, {_VGG.name} {_VGG.cpu_ms} ms (cited: {_VGG.source}).",
            ),
            Step(
                "A shallow network, measured here",
                "A small VGG: few layers, each of them wide.",
                "train",
                "Press Start; it trains for two epochs.",
                starts="shallow",
                runs=("shallow",),
                question="Where do the multiplications of a plain convolution go?",
                answer="Height x width x 9 x channels in x channels out: doubling the channels costs four times as "
                "much.",
            ),
            Step(
                "A deeper one, measured here",
                "A small ResNet: more layers, each of them narrow.",
                "train",
                "Press Start; the same images, as many epochs.",
                starts="deep",
                runs=("deep",),
                question="What besides the number of layers decides about the time?",
                answer="The work in each (MACs), how much has to be moved through memory, and how well a layer fills "
                "the processor: depthwise convolutions do little work for each number they fetch.",
            ),
            Step(
                "Read it off",
                "Each run keeps its seconds, its hardware and its images a second.",
                "compare",
                "Find both runs, and compare their depth with their speed.",
                runs=("shallow", "deep"),
                question="The course's notebook prints a depth of 5. What did it count?",
                answer="The layers of the wrapper around the network: the whole backbone counted as one.",
            ),
        ),
    ),
    "maps": Lesson(
        "What fine-tuning does to the map",
        "What changes in what a network sees, when it is fine-tuned?",
        {"tuned": _TUNED},
        (
            Step(
                "A fine-tune",
                "The last two blocks of EfficientNet-Lite0 learn from 500 images. (It is the run of the lesson on "
                "freezing: if you have it, go on.)",
                "train",
                "Press Start, unless it is done.",
                starts="tuned",
                runs=("tuned",),
                question="Which images will be on the map?",
                answer="The test images: none of them was trained on. A map of training images would flatter.",
            ),
            Step(
                "Before and after",
                "Each dot is a test image, where the network's features put it; the second map begins where the first "
                "one ends, so that what moves has really moved.",
                "before_after",
                "Draw both maps, then play the one turning into the other.",
                choices={"map": MAP, "arrange": "morph"},
                mapped="tuned",
                question="Which classes part, which stay together?",
                answer="Watch the animals: cat and dog share a place in most networks, and are the last to part. What "
                "nearest neighbours and silhouette say of it stands under the maps.",
            ),
            Step(
                "Fixed and broken",
                "A fine-tune repairs some images and breaks others; the accuracy is only the difference of the two.",
                "before_after",
                "Click an image that was broken, and find it on both maps.",
                choices={"map": MAP, "arrange": "pair", "colour": "change"},
                mapped="tuned",
                question="May you say that two clusters which lie far apart are more different than two that are near?",
                answer="No. UMAP and t-SNE keep who is near whom; sizes of clusters and distances between them are "
                "not to be read off.",
            ),
        ),
    ),
    "examples": Lesson(
        "Few examples",
        "How many labelled images does a probe need?",
        {f"n{n}": replace(_SMALL, n_train=n) for n in (20, 100, 500)} | {"all": _SMALL},
        (
            Step(
                "Two images a class",
                "Features are computed once for all these probes: after the first, each takes seconds.",
                "train",
                "Guess its accuracy. Chance would be 10 %. Then press Start.",
                starts="n20",
                runs=("n20",),
                question="How can it be so much better than chance with twenty images?",
                answer="The network knows what to look at already. The head only has to say which of its features "
                "goes with which name.",
            ),
            Step(
                "Ten a class",
                "The same test images, the same features, five times as many labels.",
                "train",
                "Press Start.",
                starts="n100",
                runs=("n100",),
                question="Which images are drawn, and would others give the same?",
                answer="The seed decides, and with few images it matters much: change it under More, and see.",
            ),
            Step(
                "Fifty a class",
                "",
                "train",
                "Press Start.",
                starts="n500",
                runs=("n500",),
                question="Did five times as many labels bring as much as the last time?",
                answer="Rarely: each further point of accuracy costs more labels than the one before.",
            ),
            Step(
                "All of them",
                "Everything the sample has for training, validation set aside.",
                "train",
                "Press Start.",
                starts="all",
                runs=("all",),
                question="Where would you stop labelling?",
                answer="Where the interval of the next result would overlap the one you have: more labels than that "
                "cannot be told apart on these test images.",
            ),
            Step(
                "The curve",
                "",
                "compare",
                "Sort the table by training images.",
                runs=("n20", "n100", "n500", "all"),
                question="What would the same curve look like for a network from scratch?",
                answer="It would start at chance and climb for longer; the lesson on freezing has one point of it.",
            ),
        ),
    ),
    "words": Lesson(
        "Words instead of labels",
        "How many labelled images are a few words worth?",
        {"words": RunConfig(backbone="TinyCLIP", method=ZERO_SHOT), "n20": replace(_SMALL, n_train=20)},
        (
            Step(
                "Two captions, one photo",
                "CLIP learned from pictures and their captions to put both into one space: a photo is compared with "
                "any text. "
                f"What is shipped is tiny. {encoder.TOY_SENTENCE}",
                "zero_shot",
                "Change a caption, and see the answer follow.",
                question="What are the two percentages a share of?",
                answer="Of these captions alone: a softmax over their similarities. Add a third, and all of them "
                "change.",
            ),
            Step(
                "Class names are the head",
                "Each class name is put into a sentence, and the sentences are the head: nothing is trained.",
                "zero_shot",
                "Change a name or a template, watch the validation images gained and lost; then press Test these "
                "prompts.",
                choices={"zero-shot": "Prompts"},
                runs=("words",),
                question="Why is a prompt judged on validation images while you change it?",
                answer="Choosing among prompts is choosing, like any other: what is chosen by test images looks "
                "better than it is.",
            ),
            Step(
                "A few labels instead",
                "The same test images, by a probe of EfficientNet-Lite0 that saw two labelled images a class.",
                "train",
                "Press Start.",
                starts="n20",
                runs=("n20",),
                question="What would a real CLIP of OpenAI reach here?",
                answer="On CIFAR-10 its ViT-B/32 names about nine of ten images with no label at all (cited: 89.8 %, "
                "the table of results of open_clip): hundreds of labelled images for many a network.",
            ),
            Step(
                "Worth how many labels?",
                "The curve of the probe against the line of the words: where they cross is what the words are worth.",
                "few_shot",
                "Compute the curve of EfficientNetLite0 and choose the zero-shot run as the line to reach.",
                runs=("words", "n20"),
                question="For which classes are words worth nothing?",
                answer="For those that no caption in its training named: a part number, a species few people know, a "
                "texture without a word.",
            ),
        ),
    ),
}


def get(name: str) -> Lesson:
    """A lesson by its name.

    Raises:
        ConfigError: There is none; names those there are.
    """
    if name not in LESSONS:
        raise ConfigError(f"There is no lesson {name!r}", f"one of {', '.join(LESSONS)}", "Choose one of these")
    return LESSONS[name]


def link(lesson: Lesson, step: Step) -> dict[str, str]:
    """What the address bar of a step's page says."""
    if not step.starts:
        return dict(step.choices)
    config = lesson.runs[step.starts]
    names = [name for name in LINKED if config.method == "finetune" or name not in OF_FINE_TUNES]
    said = {name: str(getattr(config, name)) for name in names if config.trains or name != "epochs"}
    return {"backbones": said.pop("backbone")} | said


def done(config: RunConfig, table: pd.DataFrame) -> pd.Series | None:
    """The newest finished run, a row of `runs.table`, that is like the one a step asks for; None: there is none."""
    names = CHECKED + (OF_FINE_TUNES if config.method == "finetune" else ())
    like = (table["status"] == "finished") & table["accuracy"].notna()
    for name in names:
        like &= table[name] == getattr(config, name)
    found = table[like].sort_values("created", ascending=False)
    return None if found.empty else found.iloc[0]


def lacking(lesson: Lesson, step: Step, table: pd.DataFrame) -> list[str]:
    """What the step still asks for, in words; empty: it is done. A step that asks for nothing is done at once."""
    missing = [title(lesson.runs[name]) for name in step.runs if done(lesson.runs[name], table) is None]
    if step.mapped and not missing and not all(_drawn(lesson, step, table)):
        missing.append("the maps before and after")
    return missing


def title(config: RunConfig) -> str:
    """A run in a few words: linear probe of EfficientNetLite0, 500 training images."""
    kinds = {"finetune": "fine-tune of", "scratch": "from scratch,", "linear": "linear probe of"}
    if config.method == ZERO_SHOT:
        return f"zero-shot by {config.backbone}"
    images = f"{config.n_train:,} training images" if config.n_train else "all training images"
    pixels = ", pixels divided by 255" if config.preprocessing == "divide255" else ""
    return f"{kinds.get(config.method, config.method)} {config.backbone}, {images}{pixels}"


def missing(name: str, table: pd.DataFrame) -> list[str]:
    """What a lesson would have to wait for if it were shown now; empty: it is ready for a lecture."""
    lesson = get(name)
    return list(dict.fromkeys(each for step in lesson.steps for each in lacking(lesson, step, table)))


def prepare(name: str, report: Report = silent) -> list[str]:
    """Do everything that a lesson shows, where it is not there yet; returns what was done, in words.

    Raises:
        ConfigError: There is no such lesson. LabError: Something of it cannot be done.
    """
    lesson, prepared = get(name), []
    for config in lesson.runs.values():
        if done(config, runs.table()) is None:
            run_id = runs.create(config)
            if execute.perform(run_id, report) != "finished":
                raise LabError(f"The {title(config)} did not finish", remedy=runs.get(run_id).error or "Try again")
            prepared.append(title(config))
    for step in lesson.steps:
        if step.mapped and lacking(lesson, step, runs.table()):
            for config in maps.of_fine_tune(done(lesson.runs[step.mapped], runs.table())["run_id"], MAP):
                maps.compute(config, report)
            prepared.append("the maps before and after")
    return prepared


def _drawn(lesson: Lesson, step: Step, table: pd.DataFrame) -> Iterator[bool]:
    run = done(lesson.runs[step.mapped], table)
    if run is None:
        yield False
        return
    try:
        yield from (maps.find(config) is not None for config in maps.of_fine_tune(run["run_id"], MAP))
    except LabError:  # what the run started from is gone
        yield False
