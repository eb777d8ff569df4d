from pydantic import ValidationError
from pydantic_settings import SettingsError

from dragoman.cli.output import WrongUse
from dragoman.settings import Settings


def configured() -> Settings:
    """The settings of this process. Raises WrongUse naming variables, never their values."""
    try:
        return Settings()
    except SettingsError as wrong:
        raise WrongUse(f"A DRAGOMAN_ variable is not the JSON it should be: {wrong}.") from None
    except ValidationError as wrong:
        problems = "; ".join(
            f"{_variable(error['loc'])}: {error['msg'].removeprefix('Value error, ')}"
            for error in wrong.errors(include_url=False, include_input=False)
        )
        raise WrongUse(f"Correct the settings and try again. {problems}.") from None


def _variable(place: tuple[int | str, ...]) -> str:
    if not place:
        return "DRAGOMAN_APPROVALS_AUDIENCE"
    return " ".join(["DRAGOMAN_" + str(place[0]).upper(), *map(str, place[1:])])
