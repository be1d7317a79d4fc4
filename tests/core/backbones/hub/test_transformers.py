"""Vision transformers of their real shapes against Transformers and PyTorch (`make test-transformers`)."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.zero_shot import classifier
from core.zero_shot.encoder import TextEncoder
from tests.core.backbones.siglip import folder as siglip

PYTHON = os.environ.get("TRANSFORMERS_PYTHON")  # one that has them
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not PYTHON, reason="TRANSFORMERS_PYTHON names no Python that has Transformers"),
]
ORIGINAL = "layer_norm_eps=1e-6"  # of the published code; Transformers has 1e-12, which small class tokens show
MODELS = {  # name -> what builds it there
    "ViTB16": f"ViTModel(ViTConfig({ORIGINAL}))",
    "DeiTSmall": "DeiTForImageClassificationWithTeacher("
    f"DeiTConfig(hidden_size=384, num_attention_heads=6, intermediate_size=1536, {ORIGINAL}))",
    "SwinTiny": "SwinForImageClassification(SwinConfig())",
    "DINOv2Small": "Dinov2Model(Dinov2Config(hidden_size=384, num_attention_heads=6, patch_size=14, image_size=518))",
}
PROGRAM = """
import sys
import numpy as np, torch
from transformers import *

folder, build = sys.argv[1:]
torch.manual_seed(0)
model = eval(build).eval()
for name, parameter in model.named_parameters():
    parameter.data.normal_(0, 0.05)
    if "lambda1" in name or ("norm" in name and name.endswith("weight")):
        parameter.data.add_(1)
model.save_pretrained(folder)
pixels = torch.randn(2, 3, 224, 224)
with torch.no_grad():
    tokens = getattr(model, model.base_model_prefix, model)(pixel_values=pixels).last_hidden_state
np.savez(f"{folder}/expected.npz", pixels=pixels.permute(0, 2, 3, 1).numpy(), tokens=tokens.numpy())
"""


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_gives_the_same_features_here(name, tmp_path: Path):
    done = subprocess.run([PYTHON, "-c", PROGRAM, tmp_path, MODELS[name]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    spec, known = backbones.get(name), np.load(tmp_path / "expected.npz")
    if spec.family == "Swin":
        features = {"avg": known["tokens"].mean(1), "max": known["tokens"].max(1)}
    else:
        patches = (spec.default_size // spec.patch) ** 2
        features = {"class": known["tokens"][:, 0], "patches": known["tokens"][:, -patches:].mean(1)}
    for pooling, expected in features.items():
        network = backbones.load(spec, weights=str(tmp_path), pooling=pooling)
        np.testing.assert_allclose(np.asarray(network(known["pixels"])), expected, atol=1e-4)


TOWERS = """
import json, sys
import numpy as np, torch
from transformers import Siglip2Tokenizer, SiglipConfig, SiglipModel

folder, *texts = sys.argv[1:]
torch.manual_seed(0)
config = SiglipConfig(text_config={"vocab_size": 256_000, "projection_size": 768}, vision_config={})
model = SiglipModel(config).eval()
for name, parameter in model.named_parameters():
    parameter.data.normal_(0, 0.05)
    if "norm" in name and name.endswith("weight"):
        parameter.data.add_(1)
model.save_pretrained(folder)
with open(f"{folder}/tokenizer_config.json", "w") as file:
    json.dump({"tokenizer_class": "Siglip2Tokenizer", "add_eos_token": True, "padding_side": "right"}, file)
tokenizer = Siglip2Tokenizer.from_pretrained(folder)
ids = tokenizer(texts, padding="max_length", max_length=64, truncation=True, return_tensors="pt").input_ids
pixels = torch.randn(2, 3, 224, 224)
with torch.no_grad():
    known = {
        "image": model.vision_model(pixel_values=pixels).pooler_output,
        "text": model.text_model(input_ids=ids).pooler_output,
        "probabilities": torch.sigmoid(model(input_ids=ids, pixel_values=pixels).logits_per_image),
    }
pixels = pixels.permute(0, 2, 3, 1)
known = {name: value.numpy() for name, value in known.items()}
np.savez(f"{folder}/expected.npz", pixels=pixels.numpy(), ids=ids.numpy(), **known)
"""


def test_both_towers_of_a_saved_siglip_2_and_its_probabilities_are_the_same_here(tmp_path: Path):
    texts = ["a photo of a cat.", "A Dog", "truck " * 40]
    siglip.vocabulary(tmp_path)
    done = subprocess.run([PYTHON, "-c", TOWERS, tmp_path, *texts], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    known, text = np.load(tmp_path / "expected.npz"), TextEncoder("SigLIP2B16", str(tmp_path))
    network = backbones.load("SigLIP2B16", weights=str(tmp_path))
    image, embedded = np.asarray(network(known["pixels"])), text.embed(texts)
    np.testing.assert_allclose(image, known["image"], atol=1e-4)
    np.testing.assert_allclose(embedded, known["text"], atol=1e-4)
    shares = classifier.probabilities(classifier.cosines(image, embedded), text.scaling)
    np.testing.assert_allclose(shares, known["probabilities"], atol=1e-4)
