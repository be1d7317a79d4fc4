"""CLIP's weights from a folder: a round trip against an independent forward pass, and every kind of bad folder."""

import collections
import io
import json
import pickle
import shutil
import subprocess
import sys
import types
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones, settings
from core.backbones import checkpoints, torch_file
from core.backbones.clip import tensors as clip_tensors
from core.backbones.clip import towers as clip_towers
from core.backbones.clip.towers import SHAPES, Shape, Tower
from core.errors import WeightsError
from core.zero_shot import encoder
from tests.core.backbones.forward import activated, attention, dense, norm

EPSILON = 1e-5  # of its norms
TOY = settings.ASSETS / "toy_clip"
SMALL = Shape(8, Tower(2, 12, 3, 20), Tower(3, 8, 2, 18), 6, "gelu", vocabulary=40, context=9)


@pytest.fixture(params=["gelu", "quick_gelu"])
def model(request, monkeypatch) -> str:
    """A model of random known tensors in Hugging Face's layout, under the name of a real one."""
    monkeypatch.setitem(SHAPES, "CLIPViTB32", replace(SMALL, activation=request.param))
    spec = replace(backbones.get("CLIPViTB32"), default_size=24, min_size=24, max_size=24)
    monkeypatch.setitem(backbones.BACKBONES, "CLIPViTB32", spec)
    return request.param


def written(folder: Path, activation: str, *, heads: tuple[int, int] = (3, 2)) -> dict[str, np.ndarray]:
    from safetensors.numpy import save_file

    rng = np.random.default_rng(5)
    shapes = clip_tensors.expected(SMALL, 24)
    tensors = {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    folder.mkdir(parents=True)
    ids = {"text_model.embeddings.position_ids": np.arange(9)[None]}  # as older files have
    save_file(tensors | ids, folder / "model.safetensors")
    towers = {
        "vision_config": {"hidden_act": activation, "num_attention_heads": heads[0]},
        "text_config": {"hidden_act": activation, "num_attention_heads": heads[1]},
    }
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", **towers}))
    return tensors


# The towers in NumPy, from the names in the file alone


def transformer(x: np.ndarray, tensors: dict, model: str, tower: Tower, activation: str, *, causal: bool) -> np.ndarray:
    for index in range(tower.depth):
        name = f"{model}.encoder.layers.{index}"
        inside = norm(x, tensors, f"{name}.layer_norm1", EPSILON)
        q, k, v = (dense(inside, tensors, f"{name}.self_attn.{part}_proj") for part in "qkv")
        mixed = attention(q, k, v, tower.heads, causal=causal)
        x = x + dense(mixed, tensors, f"{name}.self_attn.out_proj")
        inside = dense(norm(x, tensors, f"{name}.layer_norm2", EPSILON), tensors, f"{name}.mlp.fc1")
        x = x + dense(activated(inside, activation), tensors, f"{name}.mlp.fc2")
    return x


def image_tower(pixels: np.ndarray, tensors: dict, activation: str) -> np.ndarray:
    kernel = tensors["vision_model.embeddings.patch_embedding.weight"]
    patches = [
        np.einsum("yxc,ocyx->o", pixels[top : top + 8, left : left + 8], kernel)
        for top in range(0, 24, 8)
        for left in range(0, 24, 8)
    ]
    x = np.stack([tensors["vision_model.embeddings.class_embedding"], *patches])
    x = norm(
        x + tensors["vision_model.embeddings.position_embedding.weight"], tensors, "vision_model.pre_layrnorm", EPSILON
    )
    x = transformer(x, tensors, "vision_model", SMALL.image, activation, causal=False)
    return norm(x[0], tensors, "vision_model.post_layernorm", EPSILON) @ tensors["visual_projection.weight"].T


def text_tower(tokens: np.ndarray, tensors: dict, activation: str) -> np.ndarray:
    x = tensors["text_model.embeddings.token_embedding.weight"][tokens]
    x = x + tensors["text_model.embeddings.position_embedding.weight"][: len(tokens)]
    x = transformer(x, tensors, "text_model", SMALL.text, activation, causal=True)
    return (
        norm(x[tokens.argmax()], tensors, "text_model.final_layer_norm", EPSILON) @ tensors["text_projection.weight"].T
    )


@pytest.mark.slow
def test_a_hugging_face_folder_gives_what_numpy_gets_from_its_tensors(model, tmp_path: Path):
    folder = tmp_path / "folder"
    tensors = written(folder, model)
    spec, rng = backbones.get("CLIPViTB32"), np.random.default_rng(1)
    pixels = rng.normal(size=(3, 24, 24, 3)).astype(np.float32)
    image = backbones.load(spec, weights=str(folder), pooling="projected")
    expected = np.stack([image_tower(each, tensors, model) for each in pixels])
    np.testing.assert_allclose(np.asarray(image(pixels)), expected, rtol=1e-3, atol=1e-4)

    tokens = np.array([[38, 4, 7, 1, 39], [38, 9, 39, 39, 39]], np.int32)
    text = clip_towers.text(spec)
    clip_tensors.read(folder, text, spec, "text")
    expected = np.stack([text_tower(each, tensors, model) for each in tokens])
    np.testing.assert_allclose(np.asarray(text(tokens)), expected, rtol=1e-3, atol=1e-4)
    assert clip_tensors.logit_scale(folder, spec) == pytest.approx(np.exp(tensors["logit_scale"]))

    found = clip_tensors.stored(image, spec, "image") | clip_tensors.stored(text, spec, "text")
    assert set(found) == set(tensors) - {"logit_scale"}
    for name, value in found.items():
        np.testing.assert_array_equal(value, tensors[name])


def as_open_clip(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tensors of Hugging Face as OpenCLIP writes them."""
    for model, name in (("vision_model", "visual.transformer"), ("text_model", "transformer")):
        for index in range(SMALL.image.depth if model == "vision_model" else SMALL.text.depth):
            block, new = f"{model}.encoder.layers.{index}", f"{name}.resblocks.{index}"
            for kind in ("weight", "bias"):
                three = [tensors.pop(f"{block}.self_attn.{part}_proj.{kind}") for part in "qkv"]
                tensors[f"{new}.attn.in_proj_{kind}"] = np.concatenate(three)
                tensors[f"{new}.attn.out_proj.{kind}"] = tensors.pop(f"{block}.self_attn.out_proj.{kind}")
                tensors[f"{new}.ln_1.{kind}"] = tensors.pop(f"{block}.layer_norm1.{kind}")
                tensors[f"{new}.ln_2.{kind}"] = tensors.pop(f"{block}.layer_norm2.{kind}")
                tensors[f"{new}.mlp.c_fc.{kind}"] = tensors.pop(f"{block}.mlp.fc1.{kind}")
                tensors[f"{new}.mlp.c_proj.{kind}"] = tensors.pop(f"{block}.mlp.fc2.{kind}")
    for kind in ("weight", "bias"):
        tensors[f"visual.ln_pre.{kind}"] = tensors.pop(f"vision_model.pre_layrnorm.{kind}")
        tensors[f"visual.ln_post.{kind}"] = tensors.pop(f"vision_model.post_layernorm.{kind}")
        tensors[f"ln_final.{kind}"] = tensors.pop(f"text_model.final_layer_norm.{kind}")
    tensors["visual.class_embedding"] = tensors.pop("vision_model.embeddings.class_embedding")
    tensors["visual.conv1.weight"] = tensors.pop("vision_model.embeddings.patch_embedding.weight")
    tensors["visual.positional_embedding"] = tensors.pop("vision_model.embeddings.position_embedding.weight")
    tensors["token_embedding.weight"] = tensors.pop("text_model.embeddings.token_embedding.weight")
    tensors["positional_embedding"] = tensors.pop("text_model.embeddings.position_embedding.weight")
    tensors["visual.proj"] = np.ascontiguousarray(tensors.pop("visual_projection.weight").T)
    tensors["text_projection"] = np.ascontiguousarray(tensors.pop("text_projection.weight").T)
    return tensors


@pytest.fixture
def open_clip_folder(model, tmp_path: Path) -> Path:
    """The same random model in the layouts of OpenCLIP, beside the folder in that of Hugging Face."""
    from safetensors.numpy import save_file

    tensors, folder = written(tmp_path / "hugging_face", model), tmp_path / "open_clip"
    folder.mkdir()
    save_file(as_open_clip(dict(tensors)), folder / "open_clip_model.safetensors")
    described = {"vision_cfg": {"head_width": 4}, "text_cfg": {"heads": 2}}
    described |= {"quick_gelu": True} if model == "quick_gelu" else {}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": described}))
    return folder


def features(folder: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Of an image and of two texts, and the factor on their cosines."""
    spec = backbones.get("CLIPViTB32")
    pixels = np.random.default_rng(1).normal(size=(1, 24, 24, 3)).astype(np.float32)
    tokens = np.array([[38, 4, 7, 1, 39], [38, 9, 39, 39, 39]], np.int32)
    text = clip_towers.text(spec)
    clip_tensors.read(folder, text, spec, "text")
    image = backbones.load(spec, weights=str(folder), pooling="projected")
    return np.asarray(image(pixels)), np.asarray(text(tokens)), clip_tensors.logit_scale(folder, spec)


@pytest.mark.slow
def test_a_folder_of_open_clip_gives_what_that_of_hugging_face_gives(open_clip_folder, tmp_path: Path, monkeypatch):
    from safetensors.numpy import load_file

    expected = features(tmp_path / "hugging_face")
    for ours, theirs in zip(features(open_clip_folder), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    safetensors = open_clip_folder / "open_clip_model.safetensors"
    written_by_torch(open_clip_folder / "open_clip_pytorch_model.bin", load_file(safetensors), monkeypatch)
    safetensors.unlink()
    for ours, theirs in zip(features(open_clip_folder), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quick_gelu": "other"}, "model_cfg in .* gives quick_gelu (True|False)"),
        ({"vision_cfg": {"head_width": 6}}, "vision_cfg in .* gives head_width 6. Expected 4"),
        ({"text_cfg": {"heads": 4}}, "text_cfg in .* gives heads 4. Expected 2"),
        ({"vision_cfg": None}, "vision_cfg in .* gives head_width 64"),
    ],
)
def test_a_description_of_open_clip_that_does_not_fit_is_refused_though_every_tensor_does(
    open_clip_folder, changed, said
):
    path = open_clip_folder / "open_clip_config.json"
    described = json.loads(path.read_text())["model_cfg"]
    if "quick_gelu" in changed:  # OpenAI's weights with a description that lacks it, and the other way round
        changed = {"quick_gelu": not described.get("quick_gelu", False)}
    path.write_text(json.dumps({"model_cfg": described | changed}))
    with pytest.raises(WeightsError, match=said):
        backbones.load("CLIPViTB32", weights=str(open_clip_folder))


@pytest.mark.slow
def test_a_text_is_read_at_the_largest_id_whichever_end_token_the_description_names(copy: Path):
    spec, config = backbones.get("ToyCLIP"), json.loads((copy / "config.json").read_text())
    tokens, read = np.array([[766, 5, 9, 2, 767, 767]], np.int32), []  # with the token 2 in the middle
    for end in (2, 767, None):  # older descriptions, newer ones, and the default of Transformers
        config["text_config"] = {**config["text_config"], "eos_token_id": end}
        if end is None:
            del config["text_config"]["eos_token_id"]
        (copy / "config.json").write_text(json.dumps(config))
        tower = clip_towers.text(spec)
        clip_tensors.read(copy, tower, spec, "text")
        read.append(np.asarray(tower(tokens)))
    np.testing.assert_array_equal(read[0], read[1])
    np.testing.assert_array_equal(read[0], read[2])
    config["text_config"]["eos_token_id"] = 5
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=r"eos_token_id 5\. Expected 767, the largest id"):
        clip_tensors.read(copy, clip_towers.text(spec), spec, "text")


@pytest.mark.parametrize("model_type", ["clip_text_model", "clip_vision_model", "siglip"])
def test_half_a_clip_and_another_model_are_named_by_their_type(copy: Path, model_type):
    config = json.loads((copy / "config.json").read_text()) | {"model_type": model_type}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=f"holds a model of type '{model_type}'. Expected clip"):
        backbones.load("ToyCLIP", weights=str(copy))


def test_another_activation_or_number_of_heads_is_refused_though_every_tensor_fits(model, tmp_path: Path):
    spec, other = backbones.get("CLIPViTB32"), {"gelu": "quick_gelu", "quick_gelu": "gelu"}[model]
    written(tmp_path / "act", other)
    with pytest.raises(WeightsError, match=f"hidden_act {other}"):
        backbones.load(spec, weights=str(tmp_path / "act"))
    written(tmp_path / "heads", model, heads=(4, 2))
    with pytest.raises(WeightsError, match="num_attention_heads 4"):
        backbones.load(spec, weights=str(tmp_path / "heads"))


@pytest.mark.slow
def test_a_kerashub_preset_folder_gives_the_same_as_the_model_it_was_saved_from(tmp_path: Path):
    from keras_hub.models import CLIPBackbone, CLIPTextEncoder, CLIPVisionEncoder

    shape = SHAPES["ToyCLIP"]
    towers = [(t.width, t.depth, t.heads, t.hidden) for t in (shape.image, shape.text)]
    whole = CLIPBackbone(
        CLIPVisionEncoder(shape.patch, *towers[0], image_shape=(32, 32, 3)),
        CLIPTextEncoder(shape.vocabulary, shape.text.width, *towers[1]),
        shape.dim,
    )
    whole.vision_encoder.embedding.position_ids.assign(np.arange(65)[None])
    whole.save_to_preset(str(tmp_path / "preset"))
    pixels = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype(np.float32)
    ours = backbones.load("ToyCLIP", weights=str(tmp_path / "preset"), pooling="projected")
    np.testing.assert_allclose(np.asarray(ours(pixels)), np.asarray(whole.get_vision_embeddings(pixels)), atol=1e-5)
    spec = backbones.get("ToyCLIP")
    assert clip_tensors.logit_scale(tmp_path / "preset", spec) == pytest.approx(1 / 0.07)
    with pytest.raises(WeightsError, match="is not CLIPViTB32"):
        backbones.load("CLIPViTB32", weights=str(tmp_path / "preset"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TOY, tmp_path / "copy"))


def test_a_file_cut_short_says_so(copy: Path):
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:300_000])
    with pytest.raises(WeightsError, match=r"300,000 bytes\) .*damaged or cut short"):
        backbones.load("ToyCLIP", weights=str(copy))


@pytest.mark.slow
def test_a_folder_of_another_model_says_which_tensor_does_not_fit():
    with pytest.raises(WeightsError, match=r"num_attention_heads|is not CLIPViTB32"):
        backbones.load("CLIPViTB32", weights=str(TOY))


def test_a_tensor_too_many_and_one_too_few_are_named(copy: Path):
    from safetensors.numpy import load_file, save_file

    tensors = load_file(copy / "model.safetensors")
    save_file(tensors | {"extra.weight": np.zeros(3)}, copy / "model.safetensors")
    with pytest.raises(WeightsError, match=r"holds extra\.weight"):
        backbones.load("ToyCLIP", weights=str(copy))
    del tensors["visual_projection.weight"]
    save_file(tensors, copy / "model.safetensors")
    with pytest.raises(WeightsError, match=r"lacks visual_projection\.weight"):
        backbones.load("ToyCLIP", weights=str(copy))


def test_a_description_of_another_kind_of_model_or_none_is_refused(copy: Path, tmp_path: Path):
    (copy / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WeightsError, match="'bert'"):
        backbones.load("ToyCLIP", weights=str(copy))
    (copy / "config.json").write_text("{")
    with pytest.raises(WeightsError, match=r"config\.json cannot be read"):
        backbones.load("ToyCLIP", weights=str(copy))
    with pytest.raises(WeightsError, match="is no folder"):
        backbones.load("ToyCLIP", weights=str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="has no weights of ToyCLIP"):
        backbones.load("ToyCLIP", weights=str(tmp_path))


def test_published_weights_are_found_in_the_home_folder_and_in_hugging_faces_cache(monkeypatch, tmp_path: Path):
    spec = backbones.get("CLIPViTB32")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert checkpoints.here(spec) is None
    snapshot = tmp_path / "hf" / "hub" / "models--openai--clip-vit-base-patch32" / "snapshots" / "3d74acf"
    shutil.copytree(TOY, snapshot)
    assert checkpoints.here(spec) == snapshot
    assert "CLIPViTB32" in encoder.here()
    home = settings.home() / "weights" / "clip-vit-base-patch32"
    shutil.copytree(TOY, home)
    assert checkpoints.here(spec) == home


@pytest.mark.parametrize("lone", ["model.safetensors", "config.json", "merges.txt"])
def test_a_cache_of_hugging_face_split_over_two_snapshots_is_one_folder(monkeypatch, tmp_path: Path, lone):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshots = tmp_path / "models--openai--clip-vit-base-patch32" / "snapshots"
    shutil.copytree(TOY, snapshots / "3d74acf")
    (snapshots / "c237dc4").mkdir()
    (snapshots / "3d74acf" / lone).rename(snapshots / "c237dc4" / lone)
    spec = backbones.get("CLIPViTB32")
    folder = checkpoints.here(spec)
    assert folder
    assert checkpoints.weights_file(folder, spec).name == "model.safetensors"
    assert all(path.is_file() for path in checkpoints.vocabulary(folder))
    image = np.zeros((1, 32, 32, 3), np.float32)
    toy = backbones.load("ToyCLIP", weights=str(folder))(image)
    np.testing.assert_array_equal(toy, backbones.load("ToyCLIP")(image))


def index(folder: Path, *shards: object) -> None:
    listed = {"weight_map": {f"tensor {number}": shard for number, shard in enumerate(shards)}}
    (folder / checkpoints.INDEX).write_text(json.dumps(listed))


def test_shards_of_two_snapshots_are_not_mixed(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshots = tmp_path / "models--openai--clip-vit-base-patch32" / "snapshots"
    for name, shard in (("3d74acf", "a.safetensors"), ("c237dc4", "b.safetensors")):
        shutil.copytree(TOY, snapshots / name)
        (snapshots / name / "model.safetensors").rename(snapshots / name / shard)
        index(snapshots / name, "a.safetensors", "b.safetensors")
    spec = backbones.get("CLIPViTB32")
    assert checkpoints.here(spec) is None
    with pytest.raises(WeightsError, match=r"3d74acf lacks b\.safetensors"):
        checkpoints.content(spec, snapshots / "3d74acf")
    shutil.copy(snapshots / "3d74acf" / "a.safetensors", snapshots / "c237dc4")
    assert checkpoints.here(spec) == snapshots / "c237dc4"


def test_of_two_layouts_the_one_that_is_whole_is_read(tmp_path: Path):
    spec = backbones.get("CLIPViTB32")
    (tmp_path / "config.json").touch()
    index(tmp_path, "a.safetensors")
    assert checkpoints.weights_file(tmp_path, spec).name == checkpoints.INDEX
    (tmp_path / checkpoints.TORCH).touch()
    assert checkpoints.weights_file(tmp_path, spec).name == checkpoints.TORCH
    (tmp_path / "a.safetensors").touch()
    assert checkpoints.weights_file(tmp_path, spec).name == checkpoints.INDEX


@pytest.mark.parametrize("shard", [["a"], 1, "", ".", "..", "../a"])
def test_an_index_of_anything_but_files_beside_it_is_refused(tmp_path: Path, shard):
    (tmp_path / "config.json").touch()
    index(tmp_path, "a.safetensors", shard)
    with pytest.raises(WeightsError, match="lists no shards"):
        checkpoints.content(backbones.get("CLIPViTB32"), tmp_path)


def written_by_torch(path: Path, tensors: dict[str, np.ndarray], monkeypatch, more: object = None) -> None:
    """A file as `torch.save` of PyTorch 1.6 and newer writes it, one of its tensors transposed in place."""
    torch, functions = types.ModuleType("torch"), types.ModuleType("torch._utils")
    functions._rebuild_tensor_v2 = lambda *values: None  # pyright: ignore[reportAttributeAccessIssue]
    functions._rebuild_tensor_v2.__module__ = "torch._utils"
    functions._rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    storages = {"float32": "FloatStorage", "int64": "LongStorage"}
    for name in storages.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", functions)

    class Saved:
        def __init__(self, key: str, array: np.ndarray):
            self.key, self.array, self.turned = key, array, array.ndim == 2 and key == "0"

        def __reduce__(self) -> tuple:
            stride = [step // self.array.itemsize for step in np.array(self.array, order="C").strides]
            if self.turned:
                stride = [1, self.array.shape[0]]
            storage = ("storage", getattr(torch, storages[str(self.array.dtype)]), self.key, "cpu", self.array.size)
            rest = (0, self.array.shape, tuple(stride), False, collections.OrderedDict())
            return functions._rebuild_tensor_v2, (Storage(storage), *rest)

        def values(self) -> bytes:
            return (self.array.T if self.turned else self.array).tobytes()

    class Storage:
        def __init__(self, described: tuple):
            self.described = described

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> tuple | None:
            return obj.described if isinstance(obj, Storage) else None

    saved = collections.OrderedDict(
        (name, Saved(str(index), array)) for index, (name, array) in enumerate(tensors.items())
    )
    described = io.BytesIO()
    Pickler(described, 2).dump(saved if more is None else {**saved, "more": more})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", described.getvalue())
        for each in saved.values():
            file.writestr(f"archive/data/{each.key}", each.values())


@pytest.fixture
def torch_folder(copy: Path, monkeypatch) -> Path:
    """The toy's folder with `pytorch_model.bin` in place of its safetensors."""
    from safetensors.numpy import load_file

    tensors = load_file(copy / "model.safetensors")
    turned = "text_projection.weight"
    tensors = {turned: tensors.pop(turned), **tensors, "text_model.embeddings.position_ids": np.arange(9)[None]}
    tensors = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array for name, array in tensors.items()
    }
    written_by_torch(copy / "pytorch_model.bin", tensors, monkeypatch)
    (copy / "model.safetensors").unlink()
    return copy


def test_tensors_in_bfloat16_are_read_in_a_process_without_tensorflow_too(copy: Path):
    import ml_dtypes
    from safetensors.numpy import load_file, save_file

    path = copy / "model.safetensors"
    halves = {name: array.astype(ml_dtypes.bfloat16) for name, array in load_file(path).items()}
    save_file(halves, path)
    ask = (
        "import sys; from pathlib import Path; from core import backbones; from core.backbones.clip import tensors; "
        "print(tensors.logit_scale(Path(sys.argv[1]), backbones.get('ToyCLIP')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", ask, str(copy)], cwd=TOY.parent.parent, capture_output=True, text=True, check=True
    )
    assert float(said.stdout) == pytest.approx(float(np.exp(np.float32(halves["logit_scale"].item()))))


@pytest.mark.parametrize("pooling", ["class", "projected"])
def test_a_file_of_pytorch_gives_what_the_safetensors_give(torch_folder: Path, pooling):
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype(np.float32)
    ours, theirs = (
        backbones.load("ToyCLIP", weights=weights, pooling=pooling)(image)
        for weights in (str(torch_folder), "published")
    )
    np.testing.assert_array_equal(ours, theirs)
    spec = backbones.get("ToyCLIP")
    assert clip_tensors.logit_scale(torch_folder, spec) == clip_tensors.logit_scale(TOY, spec)


def test_all_tensors_of_a_file_of_pytorch_are_those_that_were_written(tmp_path: Path, monkeypatch):
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.arange(4), "c": np.float32([[[2.5]]])}
    written_by_torch(tmp_path / "model.bin", tensors, monkeypatch)
    file = torch_file.TorchFile(tmp_path / "model.bin")
    assert file.names() == set("abc")
    for name, values in tensors.items():
        np.testing.assert_array_equal(file.read(name), values)
        assert file.shape(name) == values.shape


class Evil:
    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def test_code_in_a_file_of_pytorch_is_not_run(torch_folder: Path, tmp_path: Path, monkeypatch):
    ran = tmp_path / "ran"
    written_by_torch(torch_folder / "pytorch_model.bin", {}, monkeypatch, more=Evil(ran))
    with pytest.raises(WeightsError, match="no part of a tensor"):
        backbones.load("ToyCLIP", weights=str(torch_folder))
    assert not ran.exists()


@pytest.mark.parametrize("content", [b"x", b"", pickle.dumps({"a": 1})])
def test_what_is_no_file_of_pytorch_says_so(torch_folder: Path, content):
    (torch_folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin.*damaged or cut short"):
        backbones.load("ToyCLIP", weights=str(torch_folder))


@pytest.mark.parametrize("cache", ["home/weights/kagglehub", "of others"])
def test_a_preset_that_was_not_unpacked_to_its_end_is_not_here(monkeypatch, tmp_path: Path, cache: str):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "of others"))
    spec = backbones.get("CLIPViTB32")
    preset = tmp_path / cache / "models" / "keras" / "clip" / "keras" / "clip_vit_base_patch32"
    for version in ("2", "10", "11"):
        (preset / version).mkdir(parents=True)
        for name in ("config.json", checkpoints.KERAS):
            (preset / version / name).touch()
    assert checkpoints.here(spec) is None
    for version in ("2", "10"):
        (preset / f"{version}.complete").touch()
    assert checkpoints.here(spec) == preset / "10"
