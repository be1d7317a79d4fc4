"""Text from outside in other languages; `tests/test_outside_text.py` looks at where it arrives."""

import io
import json

import pandas as pd

from core import quoting


def test_a_cell_that_begins_like_a_formula_is_text_in_a_spreadsheet():
    table = pd.DataFrame({"class": ["=1+1", "@home", "-5 degrees", "cat", None], "x": [-1.5, 2, 3, 4, 5]})
    read = pd.read_csv(io.BytesIO(quoting.csv(table)))
    assert read["class"].tolist()[:4] == ["'=1+1", "'@home", "'-5 degrees", "cat"]
    assert read["x"].tolist() == [-1.5, 2, 3, 4, 5]


def test_columns_of_one_name_keep_their_own_cells():
    table = pd.DataFrame([["=cat", 3], ["dog", 4]], columns=["true class", "true class"])
    assert quoting.csv(table).decode().splitlines() == ["true class,true class", "'=cat,3", "dog,4"]


def test_numbers_in_json_keep_fifteen_decimals():
    table = pd.DataFrame({"p": [3e-12, 1 / 3, float("nan")], "name": ["a", "é", None]})
    small, third, missing = json.loads(quoting.json_rows(table))
    assert small == {"p": 3e-12, "name": "a"}
    assert abs(third["p"] - 1 / 3) < 1e-15
    assert missing == {"p": None, "name": None}
    assert json.loads(quoting.json_rows(table[:0])) == []
