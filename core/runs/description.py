"""What a person says of a run: its name, group, tags and note, and that it is out of sight."""

import json
from collections.abc import Sequence

from core import people, quoting
from core.errors import RunError
from core.runs import connection, store
from core.runs.records import NOTE, TAG

_MOST_CHARACTERS = {"name": 100, "group": 60, "tag": 60, "tags": 4000, "note": 2000}  # MLflow cuts 8,000


def describe(run_id: str, *, name: str, group: str = "", tags: Sequence[str] = (), note: str = "") -> None:
    """Give a run a name, a group, tags and a note, in place of those it had.

    Raises:
        RunError: The name is empty, or a text is too long; or there is no such run.
    """
    people.require("change run", store.get(run_id).person)
    name, group = quoting.line(name).strip(), quoting.line(group).strip()
    tags = tuple(dict.fromkeys(tag for tag in (quoting.line(tag).strip() for tag in tags) if tag))
    if not name:
        raise RunError("The name is empty", "a name for the run", "Enter one")
    together = json.dumps(tags, ensure_ascii=False) if tags else ""
    texts = [("name", name), ("group", group), ("note", note), *(("tag", tag) for tag in tags), ("tags", together)]
    for kind, text in texts:
        if len(text) > _MOST_CHARACTERS[kind]:
            most = _MOST_CHARACTERS[kind]
            verb, which = ("have", "Remove some") if kind == "tags" else ("has", "Shorten it")
            raise RunError(f"The {kind} {verb} {len(text)} characters", f"at most {most}", which)
    connection.client().update_run(run_id, name=name)
    for key, text in ((TAG + "group", group), (TAG + "tags", together), (NOTE, note)):
        connection.client().set_tag(run_id, key, text)


def set_archived(run_id: str, archived: bool) -> None:
    """Hide an ended run from the lists, with all that it has, or bring it back.

    Raises:
        RunError: There is no such run, or it has not ended.
    """
    store.require_ended(run_id)
    connection.client().set_tag(run_id, TAG + "archived", str(archived))
