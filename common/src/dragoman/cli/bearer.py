from dragoman.cli.output import WrongUse

_SCHEME = "bearer "


def bearer(given: str) -> str:
    """The token alone, however it was pasted. Raises WrongUse when no header can carry it."""
    token = given.strip()
    if token[: len(_SCHEME)].casefold() == _SCHEME:
        token = token[len(_SCHEME) :].strip()
    if not (token.isascii() and token.isprintable()):
        raise WrongUse("The token holds characters that a header cannot carry. Copy it again.")
    return token
