"""The papers cited by the lab, by short names of our own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """A bibliographic reference."""

    title: str
    authors: str
    year: int  # of its first version
    url: str

    @property
    def when(self) -> float:
        """The year and month as a fraction, from the arXiv number; the middle of the year if there is none."""
        number = self._arxiv
        return 2000 + int(number[:2]) + (int(number[2:4]) - 1) / 12 if number else self.year + 0.5

    @property
    def mark(self) -> str:
        """How a text cites it: Tan and Le 2019, arXiv:1905.11946."""
        names = self.authors.split(", ")
        who = " and ".join(names) if len(names) <= 2 else f"{names[0]} et al."
        return f"{who} {self.year}" + (f", arXiv:{self._arxiv}" if self._arxiv else "")

    @property
    def _arxiv(self) -> str:
        """The arXiv number; "" if it is not on arXiv."""
        return self.url.partition("/abs/")[2]


_ARXIV = "https://arxiv.org/abs/"
PAPERS = {
    "LeNet": Paper(
        "Gradient-Based Learning Applied to Document Recognition",
        "LeCun, Bottou, Bengio, Haffner",
        1998,
        "https://doi.org/10.1109/5.726791",
    ),
    "AlexNet": Paper(
        "ImageNet Classification with Deep Convolutional Neural Networks",
        "Krizhevsky, Sutskever, Hinton",
        2012,
        "https://doi.org/10.1145/3065386",
    ),
    "Network in Network": Paper("Network In Network", "Lin, Chen, Yan", 2013, f"{_ARXIV}1312.4400"),
    "GoogLeNet": Paper(
        "Going Deeper with Convolutions",
        "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
        2014,
        f"{_ARXIV}1409.4842",
    ),
    "VGG": Paper(
        "Very Deep Convolutional Networks for Large-Scale Image Recognition",
        "Simonyan, Zisserman",
        2014,
        f"{_ARXIV}1409.1556",
    ),
    "BatchNorm": Paper(
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        "Ioffe, Szegedy",
        2015,
        f"{_ARXIV}1502.03167",
    ),
    "Highway": Paper("Highway Networks", "Srivastava, Greff, Schmidhuber", 2015, f"{_ARXIV}1505.00387"),
    "ResNet": Paper(
        "Deep Residual Learning for Image Recognition",
        "He, Zhang, Ren, Sun",
        2015,
        f"{_ARXIV}1512.03385",
    ),
    "InceptionV3": Paper(
        "Rethinking the Inception Architecture for Computer Vision",
        "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        2015,
        f"{_ARXIV}1512.00567",
    ),
    "ResNetV2": Paper(
        "Identity Mappings in Deep Residual Networks",
        "He, Zhang, Ren, Sun",
        2016,
        f"{_ARXIV}1603.05027",
    ),
    "InceptionResNet": Paper(
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        2016,
        f"{_ARXIV}1602.07261",
    ),
    "DenseNet": Paper(
        "Densely Connected Convolutional Networks",
        "Huang, Liu, van der Maaten, Weinberger",
        2016,
        f"{_ARXIV}1608.06993",
    ),
    "Xception": Paper(
        "Xception: Deep Learning with Depthwise Separable Convolutions",
        "Chollet",
        2016,
        f"{_ARXIV}1610.02357",
    ),
    "ResNeXt": Paper(
        "Aggregated Residual Transformations for Deep Neural Networks",
        "Xie, Girshick, Dollár, Tu, He",
        2016,
        f"{_ARXIV}1611.05431",
    ),
    "MobileNet": Paper(
        "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
        2017,
        f"{_ARXIV}1704.04861",
    ),
    "Transformer": Paper(
        "Attention Is All You Need",
        "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin",
        2017,
        f"{_ARXIV}1706.03762",
    ),
    "NASNet": Paper(
        "Learning Transferable Architectures for Scalable Image Recognition",
        "Zoph, Vasudevan, Shlens, Le",
        2017,
        f"{_ARXIV}1707.07012",
    ),
    "SENet": Paper("Squeeze-and-Excitation Networks", "Hu, Shen, Albanie, Sun, Wu", 2017, f"{_ARXIV}1709.01507"),
    "MobileNetV2": Paper(
        "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        "Sandler, Howard, Zhu, Zhmoginov, Chen",
        2018,
        f"{_ARXIV}1801.04381",
    ),
    "MnasNet": Paper(
        "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
        "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le",
        2018,
        f"{_ARXIV}1807.11626",
    ),
    "MobileNetV3": Paper(
        "Searching for MobileNetV3",
        "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
        2019,
        f"{_ARXIV}1905.02244",
    ),
    "EfficientNet": Paper(
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        "Tan, Le",
        2019,
        f"{_ARXIV}1905.11946",
    ),
    "VoVNet": Paper(
        "An Energy and GPU-Computation Efficient Backbone Network for Real-Time Object Detection",
        "Lee, Hwang, Lee, Bae, Park",
        2019,
        f"{_ARXIV}1904.09730",
    ),
    "ViT": Paper(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
        "Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, Minderer, Heigold, Gelly, "
        "Uszkoreit, Houlsby",
        2020,
        f"{_ARXIV}2010.11929",
    ),
    "DeiT": Paper(
        "Training data-efficient image transformers & distillation through attention",
        "Touvron, Cord, Douze, Massa, Sablayrolles, Jégou",
        2020,
        f"{_ARXIV}2012.12877",
    ),
    "CLIP": Paper(
        "Learning Transferable Visual Models From Natural Language Supervision",
        "Radford, Kim, Hallacy, Ramesh, Goh, Agarwal, Sastry, Askell, Mishkin, Clark, Krueger, Sutskever",
        2021,
        f"{_ARXIV}2103.00020",
    ),
    "Swin": Paper(
        "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
        "Liu, Lin, Cao, Hu, Wei, Zhang, Lin, Guo",
        2021,
        f"{_ARXIV}2103.14030",
    ),
    "EfficientNetV2": Paper(
        "EfficientNetV2: Smaller Models and Faster Training",
        "Tan, Le",
        2021,
        f"{_ARXIV}2104.00298",
    ),
    "ConvNeXt": Paper(
        "A ConvNet for the 2020s",
        "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        2022,
        f"{_ARXIV}2201.03545",
    ),
    "HGNetV2": Paper(  # the network has no paper
        "PP-HGNetV2",
        "PaddleClas",
        2023,
        "https://github.com/PaddlePaddle/PaddleClas/blob/develop/docs/en/models/PP-HGNetV2_en.md",
    ),
    "DINOv2": Paper(
        "DINOv2: Learning Robust Visual Features without Supervision",
        "Oquab, Darcet, Moutakanni, Vo, Szafraniec, Khalidov, Fernandez, Haziza, Massa, El-Nouby, Assran, Ballas, "
        "Galuba, Howes, Huang, Li, Misra, Rabbat, Sharma, Synnaeve, Xu, Jegou, Mairal, Labatut, Joulin, Bojanowski",
        2023,
        f"{_ARXIV}2304.07193",
    ),
    "SigLIP2": Paper(
        "SigLIP 2: Multilingual Vision-Language Encoders with Improved Semantic Understanding, Localization, and Dense "
        "Features",
        "Tschannen, Gritsenko, Wang, Naeem, Alabdulmohsin, Parthasarathy, Evans, Beyer, Xia, Mustafa, Hénaff, "
        "Harmsen, Steiner, Zhai",
        2025,
        f"{_ARXIV}2502.14786",
    ),
}
