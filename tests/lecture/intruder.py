"""What learners try that they may not do, with harmless input; each try is judged by what has changed."""

from collections.abc import Sequence

from core import challenges, roster, runs
from tests.lecture.person import Person


async def tries(lecturer: Person, learners: Sequence[Person], own: dict[str, str], challenge: str) -> tuple[int, int]:
    """Try everything once; returns how many tries were refused, and how many there were."""
    victim, other = learners[0], learners[-1]
    results = {
        "a guessed link of the lecturer": await other.follow("/lab/lecturer?token=guessed") == 403,
        "a name that is taken": await other.join(roster.read().code, victim.name) == 403,
        "a wrong code": await other.join("BBBBBB", "Somebody") == 403,
    }
    page = await other.visit("challenge")
    results["the lecturer's buttons on the page"] = not {"Open the challenge", "Close the challenge"} & set(
        page.buttons
    )

    await lecturer.visit("challenge")
    for label in ("Close the challenge", "Open the challenge"):
        await _press(other, "challenge", lecturer.here.buttons[label])
    results["closing the challenge"] = challenges.read(challenge).is_open
    results["opening another one"] = challenges.names() == [challenge]

    await victim.visit(f"run?run={own[victim.name]}")
    for label in ("Enter it", "Delete this run"):
        await _press(other, f"run?run={own[victim.name]}", victim.here.buttons[label])
    results["entering another's run"] = challenges.of(challenge) == []
    results["deleting another's run"] = own[victim.name] in {run.id for run in runs.rows()}

    seats = dict(roster.read().seats)
    await lecturer.visit("classroom")
    await _press(other, "home", lecturer.here.buttons["New code"])
    await _press(other, "home", lecturer.here.buttons["Free the name"])
    results["freeing a name"] = roster.read().seats == seats
    await other.visit(f"run?run={own[other.name]}")
    for what, refused in results.items():
        print(f"  {'refused' if refused else 'NOT REFUSED'}: {what}")
    return sum(results.values()), len(results)


async def _press(person: Person, link: str, button: str) -> None:
    """Have a browser send the press of a button that is on another one's page."""
    await person.visit(link)
    person.here.buttons["not theirs"] = button
    await person.press("not theirs")
