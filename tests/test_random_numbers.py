"""Random numbers come from generators of their own: those of the process belong to every thread of a worker."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
GENERATORS = ("default_rng", "Generator", "RandomState", "SeedSequence", "Random", "SeedGenerator", "seed_generator")


@pytest.mark.slow
def test_no_module_sets_or_draws_from_the_generators_of_the_process():
    drawn = {str(path.relative_to(ROOT)): _global_randomness(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {path: calls for path, calls in drawn.items() if calls} == {}


@pytest.mark.parametrize(
    "code",
    [
        "keras.utils.set_random_seed(1)",
        "from keras.utils import set_random_seed as fix\nfix(1)",
        "import random\nrandom.seed(1)",
        "import random as r\nr.shuffle(rows)",
        "from random import choice",
        "np.random.seed(1)",
        "np.random.permutation(3)",
        "tf.random.set_seed(1)",
        "keras.random.normal((2,))",
    ],
)
def test_every_way_to_do_so_is_found(code: str):
    assert _global_randomness(code)


@pytest.mark.parametrize(
    "code",
    [
        "np.random.default_rng(1).permutation(3)",
        "np.random.RandomState(1)",
        "import random\nrandom.Random(1).shuffle(rows)",
        "random = np.random.default_rng(1)\nrandom.permutation(3)",
        "keras.random.normal((2,), seed=1)",
        "code = 'keras.utils.set_random_seed(1)'",
    ],
)
def test_generators_of_ones_own_are_free(code: str):
    assert not _global_randomness(code)


def _global_randomness(code: str) -> list[str]:
    tree = ast.parse(code)
    modules = {"np.random", "numpy.random", "tf.random", "keras.random"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "random"}
        elif isinstance(node, ast.ImportFrom):
            of_process = (node.module or "").split(".")[-1] == "random"
            imported = {alias.name for alias in node.names}
            found += sorted(imported & {"set_random_seed"} | (imported - set(GENERATORS) if of_process else set()))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            function, seeded = node.func.attr, any(keyword.arg == "seed" for keyword in node.keywords)
            drawn = ast.unparse(node.func.value) in modules and function not in GENERATORS and not seeded
            if function in ("set_random_seed", "set_seed") or drawn:
                found.append(ast.unparse(node))
    return found
