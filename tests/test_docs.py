"""The README promises nothing that the program does not have, and leaves nothing out."""

import argparse
import ast
import re
from dataclasses import fields
from pathlib import Path

from core import backbones, home, people
from core.cli.commands import parser
from core.limits import Limits
from core.recipes import RECIPES
from dashboard import shell

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_lists_every_page():
    assert _first_column("Pages") == [title for pages in shell.PAGES.values() for _, title, _, _ in pages]


def test_readme_lists_every_command_with_all_its_options():
    documented = {
        re.search(r"`([\w-]+)", command)[1]: set(re.findall(r"--[a-z-]+", options))
        for command, _, options in _table("In a terminal")
    }
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)).choices
    assert documented == {name: _options(command) - {"--help", "--json"} for name, command in commands.items()}
    assert all("--json" in _options(command) for command in commands.values())


def test_readme_lists_every_benchmark():
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)).choices
    names = next(action.choices for action in commands["bench"]._actions if action.dest == "name")
    assert re.findall(r"`bench (\w+)`", README) == list(names)


def test_the_readmes_examples_are_valid_commands():
    examples = re.findall(r"^ {4}python -m core (.*)$", README, re.M)
    assert len(examples) > 1
    for example in examples:
        parser().parse_args(example.split())


def test_readme_lists_every_recipe_in_its_own_words():
    assert _table("Recipes") == [[f"`{recipe.name}`", recipe.idea] for recipe in RECIPES.values()]


def test_readme_lists_every_environment_variable_that_core_reads():
    read = {
        node.args[0].value
        for path in (ROOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get"
    }
    assert {name.strip("`") for name in _first_column("Where data is kept")} == read


def test_the_security_page_has_the_table_of_who_may_do_what():
    words = {
        "all": "yes",
        "own": "what is theirs",
        "seen": "what is theirs or the lecturer's, and everyone's unless the lecturer switches it off",
        "none": "no",
    }
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| ([\w ]+) \| ([^|]+) \|", text.partition("|---|")[2], re.M))
    assert documented == {action: words[rule.learners] for action, rule in people.RULES.items()}


def test_the_deployment_page_says_what_is_in_a_backup():
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| .+ \| (yes|no)\b", text, re.M)
    answers = {name.rstrip("/"): answer for names, answer in rows for name in re.findall(r"`([^`]+)`", names)}
    assert {name for name, answer in answers.items() if answer == "yes"} == {name.split("/")[0] for name in home.KEPT}
    assert answers[home.CLASSES] == "no"


def test_the_security_page_names_every_limit_and_its_default():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    of_learners = text.partition("**What a learner may take**")[2].partition("\n\n")[0]
    for field in fields(Limits):
        assert f"`{field.name}`" in of_learners and f"{field.default:,.0f}" in of_learners


def test_readme_counts_and_names_every_backbone_under_its_family():
    assert f"{len(backbones.names())} architectures" in _section("Backbones")
    documented = {name: family for family, names in _table("Backbones") for name in names.split(", ")}
    assert documented == {name: backbones.get(name).family for name in backbones.pretrained_names()}


def test_every_page_and_every_package_of_core_has_a_place_in_where_things_are():
    named = set(re.findall(r"`([a-z_]+/[\w./]+)`", _section("Where things are")))
    assert all((ROOT / name).is_file() for name in named), named
    assert {f"pages/{name}.py" for pages in shell.PAGES.values() for name, *_ in pages} <= named
    packages = {path.parent.name for path in (ROOT / "core").glob("*/__init__.py")}
    assert packages - {name.split("/")[1] for name in named if name.startswith("core/")} <= {"bench"}


def test_the_paths_that_contributing_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:core|dashboard|pages|tests|docs)/[\w./]*)`", text))
    assert len(named) > 20
    missing = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert not missing
    assert all((ROOT / name).parent.exists() for name in named if "NAME" in name.rpartition("/")[2])


def test_every_fault_is_proved_by_a_test_that_exists():
    rows = re.findall(r"^\| (?!Fault|-).*$", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), re.M)
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)`: ((?:`test_\w+`(?:, )?)+)", row)
        assert named, row
        for file, tests in named:
            content = (ROOT / file).read_text(encoding="utf-8")
            assert all(f"def {test}(" in content for test in re.findall(r"test_\w+", tests)), row


def test_the_readme_installs_the_mlflow_whose_tables_the_store_has():
    (version,) = re.findall(r"^mlflow-skinny==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    assert f"pip install mlflow=={version} -c constraints.txt" in README


def test_links_in_the_docs_lead_to_files():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "assets" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def _section(title: str) -> str:
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]


def _table(title: str) -> list[list[str]]:
    """Cells of the rows of a section's table, without its head."""
    rows = [line for line in _section(title).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _first_column(title: str) -> list[str]:
    return [row[0] for row in _table(title)]


def _options(command: argparse.ArgumentParser) -> set[str]:
    return {option for action in command._actions for option in action.option_strings if option.startswith("--")}
