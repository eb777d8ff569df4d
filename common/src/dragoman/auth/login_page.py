"""The pages a person sees at the development issuer."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from dragoman.auth.people import Person

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; }}
button {{ font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem;
  text-align: left; }}
small {{ display: block; color: #555; }}
</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""


def login_page(people: Iterable[Person], asked: Mapping[str, str]) -> HTMLResponse:
    """One button a person; a press posts the request's own parameters back."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
        if name != "person"
    )
    buttons = "".join(
        f'<button name="person" value="{escape(each.name)}">{escape(each.name)}'
        f"<small>{escape(', '.join(each.groups)) or 'in no group'}</small></button>"
        for each in people
    )
    back = urlsplit(asked["redirect_uri"])
    text = (
        f"<p>Development only: no password is asked. You will return to "
        f"<b>{escape(f'{back.scheme}://{back.netloc}')}</b> with access to "
        f"<b>{escape(asked.get('resource', '')) or 'your name only'}</b>.</p>"
    )
    return _page("Who are you?", f'{text}<form method="post">{hidden}{buttons}</form>', 200)


def refusal_page(text: str) -> HTMLResponse:
    """Shown instead of a redirect, where the address to return to cannot be trusted."""
    return _page("This sign-in cannot go on", f"<p>{escape(text)}</p>", 400)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    text = _PAGE.format(title=title, body=body)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
