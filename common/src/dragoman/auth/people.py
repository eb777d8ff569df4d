"""The few people the development issuer knows, from a TOML or JSON file."""

import tomllib
from pathlib import Path

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

DEFAULT = """\
[[people]]
name = "alice"
groups = ["data-eng"]

[[people]]
name = "bob"
groups = ["sales"]

[[people]]
name = "carol"
groups = ["data-eng", "on-call"]
"""


class Person(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    groups: tuple[str, ...] = ()


class PeopleUnreadable(ValueError):
    """The file does not hold people; the text says where."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    people: tuple[Person, ...] = Field(min_length=1)


def read_people(file: Path | None = None) -> dict[str, Person]:
    """People by name; alice, bob and carol without a file.

    The file holds `people`, a list of `name` and `groups`. Raises PeopleUnreadable.
    """
    text = DEFAULT if file is None else file.read_text("utf-8")
    try:
        json = file is not None and file.suffix == ".json"
        document: object = msgspec.json.decode(text) if json else tomllib.loads(text)
        people = _File.model_validate(document).people
    except (ValidationError, ValueError) as error:
        raise PeopleUnreadable(f"{file} does not hold people: {error}") from error
    return {person.name: person for person in people}
