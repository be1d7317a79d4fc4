"""HGNetV2B4 of its real shape against Transformers and PyTorch (`make test-transformers`)."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core import backbones

PYTHON = os.environ.get("TRANSFORMERS_PYTHON")  # one that has them
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not PYTHON, reason="TRANSFORMERS_PYTHON names no Python that has Transformers"),
]
PROGRAM = """
import sys
import numpy as np, torch
from safetensors.torch import save_file
from transformers import HGNetV2Config, HGNetV2ForImageClassification

folder = sys.argv[1]
torch.manual_seed(0)
model = HGNetV2ForImageClassification(HGNetV2Config()).eval()  # its defaults are those of B4
for module in model.modules():
    if isinstance(module, torch.nn.Conv2d):
        torch.nn.init.kaiming_normal_(module.weight)
    elif isinstance(module, torch.nn.BatchNorm2d):
        for value, at in ((module.weight, 1), (module.bias, 0), (module.running_mean, 0), (module.running_var, 1)):
            value.data.uniform_(at - 0.3, at + 0.3)
tensors = {name: value for name, value in model.state_dict().items() if not name.startswith("fc.")}
of_timm = {"embedder.": "stem.", "encoder.": "", ".convolution.": ".conv.", ".normalization.": ".bn."}
for theirs, name_there in of_timm.items():
    tensors = {name.replace(theirs, name_there): value for name, value in tensors.items()}
save_file(tensors, f"{folder}/model.safetensors")
pixels = torch.randn(2, 3, 224, 224)
with torch.no_grad():
    maps = model(pixels, output_hidden_states=True).hidden_states[-1]
np.savez(f"{folder}/expected.npz", pixels=pixels.permute(0, 2, 3, 1).numpy(), features=maps.mean((2, 3)).numpy())
"""


def test_a_model_of_transformers_gives_the_same_features_here(tmp_path: Path):
    done = subprocess.run([str(PYTHON), "-c", PROGRAM, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "hgnetv2_b4"}))
    known = np.load(tmp_path / "expected.npz")
    network = backbones.load("HGNetV2B4", weights=str(tmp_path))
    scale = known["features"].std()  # of random weights: about 1,000
    np.testing.assert_allclose(np.asarray(network(known["pixels"])) / scale, known["features"] / scale, atol=1e-4)
