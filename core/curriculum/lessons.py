"""Lessons: a guided tour of the lab, in the order of the chapter and the exercise.

Each step opens a page, already set up, and says what to do there. Whether it is done is read from the stored runs and
maps, never ticked off. Everything works with the shipped data and weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core import backbones, storage
from core.config import ZERO_SHOT, RunConfig
from core.data.datasets import FLAWED, SHORTCUT
from core.errors import ConfigError
from core.zero_shot import encoder


@dataclass(frozen=True)
class Step:
    """One thing to do and to think about."""

    title: str
    text: str  # Markdown
    page: str  # of `pages/`, opened when the step begins
    do: str
    choices: Mapping[str, str] = field(default_factory=dict)  # the page's URL parameters
    starts: str = ""  # the run for which the Train page is set up, by its name in the lesson
    runs: tuple[str, ...] = ()  # the runs that must be finished, by their names in the lesson
    compares: tuple[str, str] | None = None  # the runs whose difference is the point, the better one expected second
    mapped: str = ""  # the fine-tune whose maps before and after must be drawn
    opens: str = ""  # the run that the page Run shows
    examined: str = ""  # the run that must be tested on other backgrounds
    question: str = ""
    options: tuple[str, ...] = ()  # to choose the answer from, the right one first
    answer: str = ""  # explained

    @property
    def is_task(self) -> bool:
        """Whether runs or maps tell when it is done."""
        return bool(self.runs or self.mapped)


@dataclass(frozen=True)
class Lesson:
    """A question and the steps to its answer."""

    title: str
    question: str
    runs: Mapping[str, RunConfig]  # by their names; a teacher is the name of another one
    steps: tuple[Step, ...]


MAP = "umap"  # method of the maps before and after

_V2, _VGG = backbones.get("MobileNetV2"), backbones.get("VGG16")
_STUDENT, _TEACHER = backbones.get("CustomCNN"), backbones.get("EfficientNetLite0")
_FAST, _SLOW = sorted((_V2, _VGG), key=lambda spec: spec.cpu_ms or 0)
_SMALL = RunConfig(input_size=96)  # takes about a minute on two cores
_FEW = replace(_SMALL, n_train=500)
_TUNED = replace(_FEW, method="finetune", epochs=3, unfreeze="blocks", unfreeze_count=2, batch_size=0, learning_rate=0)
_NEAREST = replace(_SMALL, method="knn", neighbours=1)
_SCRATCH = RunConfig(backbone="CustomCNN", method="scratch", n_train=500, epochs=10)

LESSONS: dict[str, Lesson] = {
    "preprocessing": Lesson(
        "Preprocessing matters",
        "What does it cost to feed a network pixels it was not trained on?",
        {"own": _SMALL, "divided": replace(_SMALL, preprocessing="divide255")},
        (
            Step(
                "Look at the images",
                "Small photographs of ten classes, taken from CIFAR-10. A network never sees them as you do: first "
                "they are enlarged, then their pixels are converted to the range **this** network was trained on.",
                "data",
                "Look at the samples, then open Classes and splits: how many images are for training, and how many for "
                "testing?",
                question="Why is the test split kept apart?",
                options=("Nothing may be chosen with it", "It has the hardest images", "Its labels are unknown"),
                answer="Because nothing may be chosen with it. Heads are trained on training images, regularisation is "
                "chosen on validation images, and the test images are used once.",
            ),
            Step(
                "A probe with the right pixels",
                "A **linear probe** leaves the network unchanged, computes its features once, and trains one linear "
                "layer on them. EfficientNet-Lite0 expects pixels from -1 to 1.",
                "train",
                "Press Start, and watch where the time goes: into the features, not the head.",
                starts="own",
                runs=("own",),
                question="Why does a second probe on the same images take only a few seconds?",
                options=(
                    "Their features are cached: only the head is new",
                    "It starts from the first head",
                    "The network has learned these images by now",
                ),
                answer="Features are cached by network, weights, images, size and preprocessing. Only the head is new.",
            ),
            Step(
                "The same probe, divided by 255",
                "The book, the textbook chapter that these lessons follow, divides every pixel by 255, whatever the "
                "network. Open More: the only difference is under Pixels.",
                "train",
                "Guess how many points it costs, then press Start.",
                starts="divided",
                runs=("divided",),
                question="Why can the head not make up for it?",
                options=(
                    "It sees only features, in which the differences are already lost",
                    "It has too few parameters for a division",
                    "It is frozen together with the network",
                ),
                answer="The head sees only features. Filters trained on values from -1 to 1 now get half of that "
                "range, shifted: contrast shrinks, and differences are lost before the head sees them.",
            ),
            Step(
                "Is it chance?",
                "Both runs were tested on the same images, so they can be compared image by image: McNemar's test "
                "counts the images that only one of them gets right.",
                "compare",
                "Read the sentence below, then open the two side by side: on which images does only one of them fail?",
                runs=("own", "divided"),
                compares=("divided", "own"),
                question="Which of the book's mistakes would you now look for first in your own code?",
                options=(
                    "Pixels prepared for another network, or prepared twice",
                    "A head with too few units",
                    "Too many epochs",
                ),
                answer="The line that calls `preprocess_input`: does it belong to this network, and is it called once? "
                "EfficientNet and ConvNeXt take 0 to 255 and divide inside; dividing beforehand does it twice.",
            ),
        ),
    ),
    "freezing": Lesson(
        "Frozen or not",
        "With 500 labelled images: is it better to keep the network frozen, train its last blocks, or start from "
        "scratch?",
        {"probe": _FEW, "tuned": _TUNED, "scratch": _SCRATCH},
        (
            Step(
                "Frozen: a linear probe",
                "Everything learned from ImageNet stays. Only the head's 12,810 parameters are trained, on 500 images.",
                "train",
                "Press Start.",
                starts="probe",
                runs=("probe",),
                question="How many images are there per class?",
                options=("50", "500", "10"),
                answer="Fifty for each of the ten classes: the sample is stratified.",
            ),
            Step(
                "Unfrozen: the last two blocks",
                "First only the head, then the head and the last two blocks together, at a hundredth of the learning "
                "rate. The strip on this page is read from the network after freezing: it shows what really trains.",
                "train",
                "Read the strip, then press Start and watch the second phase begin.",
                starts="tuned",
                runs=("tuned",),
                question="Why a hundredth of the learning rate?",
                options=(
                    "Larger steps would destroy weights that are already good",
                    "Each epoch becomes faster",
                    "The last blocks have fewer weights than the head",
                ),
                answer="The weights are already good. Steps that suit a new head would destroy them before the head "
                "gives useful gradients.",
            ),
            Step(
                "From scratch: a network that has seen nothing",
                "The course's own small network, trained only on the same 500 images.",
                "train",
                "Guess its accuracy, then press Start.",
                starts="scratch",
                runs=("scratch",),
                question="What would it need to catch up?",
                options=("Many more images", "A larger head", "A lower learning rate"),
                answer="Images. It has to learn edges, textures and shapes from these 500, while the others learned "
                "them from a million.",
            ),
            Step(
                "Which was worth it?",
                "Accuracy against time, with 95 % intervals. Where they overlap, two runs may still differ: the "
                "sentence below compares them image by image.",
                "compare",
                "Find the three runs in the chart of accuracy against time.",
                runs=("probe", "tuned", "scratch"),
                compares=("probe", "tuned"),
                question="When would you unfreeze?",
                options=(
                    "When the probe is not good enough, and there are enough images and time",
                    "Always: more weights can learn more",
                    "When there are only a few images",
                ),
                answer="When the probe is not good enough and you have enough images and time. Then compare on the "
                "same test images: the gain is often smaller than it feels.",
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
                "Side by side: layers with weights, parameters, and multiply-accumulates for one image (MACs).",
                "anatomy",
                "Compare the two columns: which has more layers, and which more MACs?",
                choices={"backbone": "MobileNetV2", "with": "VGG16"},
                question="Which one would you expect to be faster?",
                options=(
                    f"{_FAST.name}, with {_FAST.depth} layers",
                    f"{_SLOW.name}, with {_SLOW.depth} layers",
                    "Neither: both have the same input",
                ),
                answer=f"{_V2.name} has {_V2.depth} layers with weights, {_VGG.name} only {_VGG.depth}; yet it takes "
                f"{_V2.cpu_ms} ms per step, {_VGG.name} {_VGG.cpu_ms} ms (cited: {_VGG.source}).",
            ),
            Step(
                "A shallow network, measured here",
                "A small VGG: few layers, each of them wide.",
                "train",
                "Press Start; it trains for two epochs.",
                starts="shallow",
                runs=("shallow",),
                question="What determines the multiplications of a 3 x 3 convolution?",
                options=(
                    "Height x width x 9 x channels in x channels out",
                    "9 x channels in x channels out",
                    "Height x width x 9",
                ),
                answer="Height x width x 9 x channels in x channels out: doubling the channels costs four times as "
                "much.",
            ),
            Step(
                "A deeper one, measured here",
                "A small ResNet: more layers, each of them narrow.",
                "train",
                "Press Start; the images and the number of epochs are the same.",
                starts="deep",
                runs=("deep",),
                question="What besides the number of layers determines the time?",
                options=(
                    "The work in each layer, and how well it uses the processor",
                    "The number of classes",
                    "How accurate the network is",
                ),
                answer="The work in each layer (MACs), the data moved through memory, and how well a layer uses the "
                "processor: depthwise convolutions do little work for each number they fetch.",
            ),
            Step(
                "Compare the two",
                "Each run records its duration, its hardware and its images per second.",
                "compare",
                "Find both runs, and compare their depth with their speed.",
                runs=("shallow", "deep"),
                question="The course's notebook prints a depth of 5. What did it count?",
                options=(
                    "The layers of the model around the network",
                    "The blocks of the network",
                    "The layers that train",
                ),
                answer="The layers of the model around the network: the whole backbone counts as one.",
            ),
        ),
    ),
    "maps": Lesson(
        "What fine-tuning does to the map",
        "What does fine-tuning change in a network's features?",
        {"tuned": _TUNED},
        (
            Step(
                "A fine-tune",
                "The last two blocks of EfficientNet-Lite0 are trained on 500 images. (It is the same run as in the "
                "lesson on freezing: if you have it, go on.)",
                "train",
                "Press Start, unless it is done.",
                starts="tuned",
                runs=("tuned",),
                question="Which images will be on the map?",
                options=("The test images", "The training images", "All images"),
                answer="The test images: the network was not trained on them. Training images would look too good.",
            ),
            Step(
                "Before and after",
                "Each dot is a test image, placed by the network's features. The second map starts from the first, so "
                "an image that moves has really moved.",
                "before_after",
                "Draw both maps, then play the transition from one to the other.",
                choices={"map": MAP, "arrange": "morph"},
                mapped="tuned",
                question="Which classes separate, and which stay together?",
                options=(
                    "Cats and dogs stay together longest",
                    "Ships and frogs stay together longest",
                    "All classes separate equally well",
                ),
                answer="Watch the animals: cats and dogs overlap in most networks and are the last to separate. "
                "Nearest neighbours and silhouette, below the maps, put numbers on it.",
            ),
            Step(
                "Fixed and broken",
                "A fine-tune fixes some images and breaks others; the accuracy shows only the difference.",
                "before_after",
                "Click an image that was broken, and find it on both maps.",
                choices={"map": MAP, "arrange": "pair", "colour": "change"},
                mapped="tuned",
                question="Are two clusters that lie far apart more different than two that lie close together?",
                options=(
                    "Not necessarily: the map preserves who is near whom",
                    "Yes: distances on the map are distances between features",
                    "Yes, if they are also of different sizes",
                ),
                answer="Not necessarily. UMAP and t-SNE preserve who is near whom; cluster sizes and distances between "
                "clusters mean little.",
            ),
        ),
    ),
    "examples": Lesson(
        "Few examples",
        "How many labelled images does a probe need?",
        {f"n{n}": replace(_SMALL, n_train=n) for n in (20, 100, 500)} | {"all": _SMALL},
        (
            Step(
                "Two images per class",
                "Features are computed once for all these probes: after the first, each takes seconds.",
                "train",
                "Guess its accuracy; chance is 10 %. Then press Start.",
                starts="n20",
                runs=("n20",),
                question="How can it be so much better than chance with twenty images?",
                options=(
                    "The network already knows what to look for",
                    "These twenty are the easiest images",
                    "The head has seen the test images",
                ),
                answer="The network already knows what to look for. The head only has to learn which features go with "
                "which name.",
            ),
            Step(
                "Ten per class",
                "The same test images, the same features, five times as many labels.",
                "train",
                "Press Start.",
                starts="n100",
                runs=("n100",),
                question="Which images are drawn, and would others give the same result?",
                options=(
                    "The seed decides, and with few images it matters a lot",
                    "The seed decides, but it makes no difference",
                    "The first of each class, whatever the seed",
                ),
                answer="The seed decides, and with few images it matters a lot: change it under More and see.",
            ),
            Step(
                "Fifty per class",
                "",
                "train",
                "Press Start.",
                starts="n500",
                runs=("n500",),
                question="Did five times as many labels help as much as the last time?",
                options=(
                    "No: each further point costs more labels",
                    "Yes: accuracy grows in step with the labels",
                    "No: more labels made it worse",
                ),
                answer="Rarely: each further point of accuracy costs more labels than the one before.",
            ),
            Step(
                "All of them",
                "All training images of the sample, without the validation images.",
                "train",
                "Press Start.",
                starts="all",
                runs=("all",),
                question="When would you stop labelling?",
                options=(
                    "When the test images could no longer show the benefit",
                    "When every class has a hundred images",
                    "When every training image is classified correctly",
                ),
                answer="When more labels would improve accuracy by less than these test images can show.",
            ),
            Step(
                "The curve",
                "",
                "compare",
                "Sort the table by training images.",
                runs=("n20", "n100", "n500", "all"),
                compares=("n500", "all"),
                question="What would the same curve look like for a network from scratch?",
                options=(
                    "It would start at chance and climb for longer",
                    "It would start higher and stay flat",
                    "It would be the same curve",
                ),
                answer="It would start at chance and climb for longer; the lesson on freezing shows one point of it.",
            ),
        ),
    ),
    "words": Lesson(
        "Words instead of labels",
        "How many labelled images are a few words worth?",
        {"words": RunConfig(backbone="ToyCLIP", method=ZERO_SHOT), "n20": replace(_SMALL, n_train=20)},
        (
            Step(
                "Two captions, one photo",
                "CLIP was trained on images and their captions to map both into one space, so a photo can be compared "
                f"with any text. The shipped model is tiny. {encoder.TOY_WARNING}",
                "zero_shot",
                "Change a caption, and watch the answer change.",
                choices={"clip": encoder.TOY},
                question="Over which texts do the percentages add up to 100 %?",
                options=(
                    "Only these captions",
                    "All captions that CLIP was trained on",
                    "The ten classes of the sample",
                ),
                answer="Only these captions: they are a softmax over their similarities. Add a third, and all of them "
                "change.",
            ),
            Step(
                "Class names are the head",
                "Each class name is put into a sentence, and the sentences form the head: nothing is trained.",
                "zero_shot",
                "Change a name or a template, and watch which validation images are gained and lost; then press Test "
                "these prompts.",
                choices={"clip": encoder.TOY, "zero-shot": "Prompts"},
                runs=("words",),
                question="Why is a prompt judged on validation images while you change it?",
                options=(
                    "Choosing by test images would make it look too good",
                    "There are more of them",
                    "CLIP was trained on the test images",
                ),
                answer="Choosing a prompt is model selection like any other: whatever is chosen on test images looks "
                "better than it is.",
            ),
            Step(
                "A few labels instead",
                "The same test images, classified by a probe of EfficientNet-Lite0 trained on two images per class.",
                "train",
                "Press Start.",
                starts="n20",
                runs=("n20",),
                question="What accuracy would OpenAI's CLIP reach here?",
                options=("About 90 %", "About 50 %", "About 10 %, which is chance"),
                answer="On CIFAR-10 its ViT-B/32 classifies about nine in ten images without any labels (cited: 89.8 "
                "%, open_clip's table of results). Many networks need hundreds of labelled images for that.",
            ),
            Step(
                "Worth how many labels?",
                "The probe's curve and the zero-shot line: they cross at the number of labels the words are worth.",
                "few_shot",
                "Compute the curve of EfficientNetLite0, and choose the zero-shot run as the line to reach.",
                runs=("words", "n20"),
                compares=("n20", "words"),
                question="For which classes are words worth nothing?",
                options=(
                    "Those that no training caption names",
                    "Those with a long name",
                    "Those with few test images",
                ),
                answer="For those that no training caption names: a part number, a little-known species, a texture "
                "without a name.",
            ),
        ),
    ),
    "teacher": Lesson(
        "A teacher for a small network",
        "Does a small network learn more if a large one tells it what it sees?",
        {"teacher": _FEW, "alone": _SCRATCH, "taught": replace(_SCRATCH, teacher="teacher")},
        (
            Step(
                "The teacher",
                "A linear probe of EfficientNet-Lite0, on 500 images. (If you have it from the lesson on freezing, go "
                "on.)",
                "train",
                "Press Start, unless it is done.",
                starts="teacher",
                runs=("teacher",),
                question="What do its answers say that labels do not?",
                options=(
                    "How alike the classes are",
                    "Which images are the hardest",
                    "How many classes there are",
                ),
                answer="How alike the classes are. A label says truck, and nothing else; the teacher says truck, "
                "perhaps automobile, and surely no frog (Hinton et al., 2015).",
            ),
            Step(
                "A small network, without a teacher",
                f"{_STUDENT.name} has {_STUDENT.params:,} parameters, the teacher {_TEACHER.params:,}. It has never "
                "seen an image, and learns from the labels of the same 500.",
                "train",
                "Press Start, unless it is done.",
                starts="alone",
                runs=("alone",),
                question="Why not use the teacher itself?",
                options=(
                    "It may be too large or too slow for where it is needed",
                    "It is less accurate",
                    "It cannot classify test images",
                ),
                answer="Because it may be too large or too slow for where it is needed: a phone, a sensor, a "
                "microcontroller. There, the accuracy of the small one counts.",
            ),
            Step(
                "The same network, with a teacher",
                "The images and epochs are the same; only the loss differs. "
                f"{RunConfig.teacher_weight:.0%} of it compares the answers with the teacher's, both softened by a "
                f"temperature of {RunConfig.temperature:g}; the rest compares them with the labels.",
                "train",
                "Find the teacher under More, Training; then press Start.",
                starts="taught",
                runs=("teacher", "taught"),
                question="What does the temperature do?",
                options=(
                    "It softens the answers, so that wrong classes count too",
                    "It makes training faster",
                    "It raises the learning rate",
                ),
                answer="It divides the logits before the softmax. A sure teacher says 99 % truck, which is hardly more "
                "than the label; softened, it shows what it would have said otherwise.",
            ),
            Step(
                "Was the teacher worth it?",
                "Both were tested on the same images, so they are compared image by image.",
                "compare",
                "Read the sentence below, then open the two side by side.",
                runs=("alone", "taught"),
                compares=("alone", "taught"),
                question="If the two are too close to call, what would you try?",
                options=(
                    "Several seeds or more test images",
                    "Another comparison on the same images",
                    "A larger learning rate",
                ),
                answer="More test images or several seeds, which tell smaller differences apart; a better teacher; and "
                "longer training, for which a teacher gives more to learn than labels do.",
            ),
        ),
    ),
    "trust": Lesson(
        "Data you can trust",
        "Can an accuracy be too good to be true?",
        {"sound": _NEAREST, "flawed": replace(_NEAREST, dataset=FLAWED)},
        (
            Step(
                "A classifier that learns by heart",
                "The nearest neighbour: a test image gets the label of the training image that the network finds most "
                "similar. Nothing is trained; it remembers every training image.",
                "train",
                "Press Start.",
                starts="sound",
                runs=("sound",),
                question="When is it right?",
                options=(
                    "When the most similar training image shows the same class",
                    "When its class has the most training images",
                    "Always: it remembers every image",
                ),
                answer="When the most similar training image belongs to the same class. Usually it shows another "
                "animal or another ship: that is recognition.",
            ),
            Step(
                "The same test images, other training images",
                "The test images are the same, one by one, and so are the network and the classifier. Only the "
                "training images come from elsewhere.",
                "train",
                "Guess whether the accuracy rises or falls, then press Start and compare the two results.",
                starts="flawed",
                runs=("sound", "flawed"),
                question="Is the higher accuracy good news?",
                options=(
                    "Not yet: first find out why",
                    "Yes: the test images are the same",
                    "Yes: other training images are better ones",
                ),
                answer="Not yet. Only the images have changed, so find out how before you believe it.",
            ),
            Step(
                "Test images in disguise",
                "A test image that is also a training image, perhaps mirrored, tests memory, not recognition.",
                "data",
                "Press Look for near-duplicates, and look at the most similar pairs.",
                choices={"dataset": FLAWED, "view": "Near-duplicates"},
                question="Does CIFAR-10 itself have near-duplicates?",
                options=("Yes, of about 3 % of its test images", "Yes, of about 30 % of its test images", "No"),
                answer="Yes: about 3 % of its test images have one among the training images, mirrored, shifted or in "
                "other colours (Barz and Denzler, 2020). Here it is 30 %.",
            ),
            Step(
                "What remains of the accuracy",
                "The near-duplicates are known now: wherever the accuracy is shown, so is the accuracy without them.",
                "compare",
                "Choose cifar10-flawed under Tested on, and read the answer to the first question.",
                runs=("flawed",),
                question="How good is the classifier really?",
                options=(
                    "As good as on the test images without a near-duplicate",
                    "As good as on all test images",
                    "As good as on the near-duplicates",
                ),
                answer="As good as on the other test images: worse than it seemed, and worse than on the "
                "sound data. Something else must be wrong with these training images.",
            ),
            Step(
                "Wrong labels",
                "A head is asked about images that it was not trained on. Where it is confident of another class than "
                "the label, one of the two is wrong.",
                "data",
                "Press Look for wrong labels. Judge the first page by eye, and accept the suggestions you agree with.",
                choices={"dataset": FLAWED, "view": "Wrong labels"},
                question="About half of the suspect labels are right. Why is the list useful all the same?",
                options=(
                    "The most suspect come first",
                    "It lists every wrong label",
                    "Right labels may be changed without harm",
                ),
                answer="The most suspect come first: nearly all on page 1 are wrong. You decide, and stop where you "
                "would no longer change anything. A copy with your labels is a new dataset; the old one stays.",
            ),
        ),
    ),
    "shortcut": Lesson(
        "Right for the wrong reason",
        "A network is nearly always right. Does it recognise what is in the photo?",
        {"network": replace(_SCRATCH, dataset=SHORTCUT)},
        (
            Step(
                "A suspiciously good network",
                "The photos are those of the other lessons; somebody has framed them. The network, its training and "
                "the number of images are those of the lesson on freezing, where it started from scratch too.",
                "train",
                "Press Start, and compare the accuracy with that in the lesson on freezing.",
                starts="network",
                runs=("network",),
                question="No test image is a training image. What else could make them so easy?",
                options=(
                    "Something they share with the training images that other photos would lack",
                    "There are too few of them",
                    "Their labels are wrong",
                ),
                answer="Something that training and test images share, and that photos of the same things taken "
                "elsewhere would lack. Such a cue is called a shortcut (Geirhos et al., Nature Machine Intelligence "
                "2020).",
            ),
            Step(
                "Where it looks",
                "An explanation shows which parts of an image support the answer. Occlusion covers them one after "
                "another; integrated gradients add up gradients pixel by pixel.",
                "run",
                "Click a few images: is the evidence on the photo, or around it?",
                choices={"view": "Images", "group": "hesitant", "explain": "occlusion+integrated-gradients"},
                opens="network",
                question="What does it mean if most of the evidence lies around the photo?",
                options=(
                    "The answer depends more on the frame than on what is in the photo",
                    "The photo is hard to recognise",
                    "The explanation is wrong",
                ),
                answer="Covering the frame lowers the score of the class, covering the photo hardly does. Whether to "
                "believe such a map is another question: the next step tests it with other frames.",
            ),
            Step(
                "Other backgrounds",
                "The same test photos, first on grey, then in the colour of another class. A network that recognises "
                "what is on them would not mind.",
                "run",
                "Press Try other backgrounds, and read what is left of the accuracy.",
                choices={"view": "Backgrounds"},
                opens="network",
                runs=("network",),
                examined="network",
                question="Which methods would have warned you, without any other test images?",
                options=(
                    "Those that find more evidence on the background than its share of the image",
                    "All of them",
                    "The one with the finest maps",
                ),
                answer="Those that find more evidence on the background than its share of the image. An explanation "
                "shows where a network looks; only other images show what that costs.",
            ),
            Step(
                "It was in the data",
                "Every label is right, and no test image is a training image. None of the searches on this page finds "
                "the fault.",
                "data",
                "Look at the samples: what tells the classes apart at a glance?",
                choices={"dataset": SHORTCUT, "view": "Samples"},
                question="Nobody frames photos like that. Where do real shortcuts come from?",
                options=(
                    "From where and how the images were taken",
                    "From networks that are too small",
                    "From too many training images",
                ),
                answer="From how images were collected: cows on grass, and not on beaches (Beery et al., 2018); wolves "
                "in snow (Ribeiro et al., 2016); X-ray images that show which hospital took them (Zech et al., 2018). "
                "Test on images from elsewhere, or cut the link: photograph each class on every background. A "
                "pretrained network is less easily misled: train a probe on these images, and try its backgrounds.",
            ),
        ),
    ),
}


def get(name: str) -> Lesson:
    """The lesson with this name.

    Raises:
        ConfigError: It does not exist.
    """
    if name not in LESSONS:
        raise ConfigError(f"There is no lesson {name!r}", f"one of {', '.join(LESSONS)}")
    return LESSONS[name]


def offered(step: Step) -> list[str]:
    """The options of a step in an order that does not tell the right one."""
    return sorted(step.options, key=storage.digest)
