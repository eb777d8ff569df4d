from pydantic import ValidationError
from pydantic_settings import SettingsError

from dragoman.cli.output import WrongUse
from dragoman.settings import Settings


def configured() -> Settings:
    """The settings of this process. Raises WrongUse naming variables, never their values."""
    try:
        return Settings()
    except (SettingsError, ValidationError) as wrong:
        raise WrongUse(faulty(wrong, "DRAGOMAN_")) from None


def faulty(wrong: SettingsError | ValidationError, prefix: str) -> str:
    """One sentence that names the variables, which begin with `prefix`, and not their values."""
    if isinstance(wrong, SettingsError):
        return f"A {prefix} variable is not the JSON it should be: {wrong}."
    problems = "; ".join(
        f"{_variable(error['loc'], prefix)}: {error['msg'].removeprefix('Value error, ')}"
        for error in wrong.errors(include_url=False, include_input=False)
    )
    return f"Correct the settings and try again. {problems}."


def _variable(place: tuple[int | str, ...], prefix: str) -> str:
    if not place:
        return "DRAGOMAN_APPROVALS_AUDIENCE"
    return " ".join([prefix + str(place[0]).upper(), *map(str, place[1:])])
