#!/usr/bin/env bash
# A typographic apostrophe gives a prompt other tokens in Transformers' CLIP than in open_clip: "it’s" is four, or two as "it's".
#
# One would expect the tokens of a model to be the same wherever it is run, as its vocabulary comes with it. Seen: open_clip, like
# OpenAI's code, passes texts through ftfy and `html.unescape` first (`open_clip/tokenizer.py`, `basic_clean`), so its networks were
# trained without ’, “, ﬁ, ＡＢＣ or &amp;. Transformers 5 has only the tokenizer compiled from the vocabulary
# (`models/clip/tokenization_clip.py`), without that step; its slow tokenizer of version 4 took ftfy where it was installed. So class
# names typed on a phone, or copied from a document, get another embedding, of words the network has not seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 tokenizers==0.23.3 torch==2.13.0 ftfy==6.3.1 \
    regex numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder/open_clip" open-clip-torch==3.3.0
cd "$folder"
venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import importlib.util
import sys

import transformers
from transformers import CLIPTokenizer

spec = importlib.util.spec_from_file_location("tokenizer", "open_clip/open_clip/tokenizer.py")  # alone: the package needs torchvision
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
theirs = module.SimpleTokenizer()
names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
vocabulary = {names.get(word, word): number for word, number in theirs.encoder.items()}
merges = sorted(theirs.bpe_ranks, key=theirs.bpe_ranks.get)
ours = CLIPTokenizer(vocab=vocabulary, merges=merges)

texts = ["it's", "it’s", '"toy"', "“toy”", "finger", "ﬁnger", "cats &amp; dogs", "ＡＢＣ", "naïve", "cafe\u0301", "½ cup", "日本", "10°C"]
other = {}
for text in texts:
    tokens = ours(text, add_special_tokens=False)["input_ids"]
    if tokens != theirs.encode(text):
        other[text] = tokens, theirs.encode(text)
print(f"Transformers {transformers.__version__} and open_clip 3.3.0: of {len(texts)} texts these differ: {other}")
straight = ours("it's", add_special_tokens=False)["input_ids"]
as_said = list(other) == ["it’s", "“toy”", "ﬁnger", "cats &amp; dogs", "ＡＢＣ"]
sys.exit(not (as_said and theirs.encode("it’s") == straight and len(other["it’s"][0]) == 4 and len(straight) == 2))
PYTHON
