"""A proposal binds one yes to exactly one call."""

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dragoman.answer.canonical import Json, canonical, digest
from dragoman.answer.redact import redact, redact_json
from dragoman.auth.caller import Caller
from dragoman.elicitation.moment import moment
from dragoman.elicitation.question import Item, Question, visible
from dragoman.errors import ApprovalRefused, BadInput
from dragoman.risk import Risk

_LONGEST_VALUE = 2_000
_LONGEST_DIFFERENCE = 80


@dataclass(frozen=True, slots=True)
class Person:
    """A human being as one issuer names them."""

    issuer: str
    subject: str

    @classmethod
    def behind(cls, caller: Caller) -> "Person":
        """The human in whose name a call is made, whatever agent makes it."""
        return cls(caller.issuer, caller.subject)

    def is_same_account(self, other: "Person") -> bool:
        return self.key == other.key

    def is_same_human(self, other: "Person") -> bool:
        """Whether two accounts may be one human's: one name at two issuers counts as one.

        So does a name in another script's look, which is never enough to be the same account.
        """
        return _fold(self.subject) == _fold(other.subject)

    @property
    def key(self) -> str:
        return digest([self.issuer, _name(self.subject)])


@dataclass(frozen=True, slots=True)
class Call:
    """A call that needs a yes, as the server knows it before anybody is asked.

    `risk` is the tool's declared one; `tool_schema` the digest of what the agent reads.
    """

    server: str
    tool: str
    tool_schema: str
    arguments: Mapping[str, Json]
    policy_version: str
    risk: Risk
    four_eyes: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """One call, waiting for one yes. `created` and `expires` are seconds since the epoch.

    `shown` holds each argument's redacted JSON text: it explains differences, and never decides.
    """

    id: str
    server: str
    tool: str
    tool_schema: str
    arguments_digest: str
    shown: dict[str, str]
    person: Person
    workload: str
    surface: str
    policy_version: str
    question: Question
    risk: Risk
    four_eyes: bool
    created: float
    expires: float

    @property
    def call(self) -> str:
        """Which call this is: equal when the same caller sends the same call again."""
        return digest(
            [
                self.server,
                self.tool,
                self.arguments_digest,
                self.person.key,
                self.workload,
                self.surface,
            ]
        )

    def binding(self) -> str:
        """SHA-256 over all that a yes is good for, the words and items that were shown included."""
        question = self.question
        return digest(
            [
                self.call,
                self.tool_schema,
                self.policy_version,
                question.text,
                [[item.id, item.text] for item in question.items],
                question.items_argument,
                question.digest,
                self.risk,
                self.four_eyes,
                self.expires,
            ]
        )

    def differences(self, now_asked: "Proposal", now: float) -> list[str]:
        """What keeps a yes to this proposal from covering `now_asked`, in plain words.

        Words of the question are not compared: they are rendered once and kept; what they
        stand for is compared by the question's digest and its items.
        """
        found = [
            _difference(what, mine, theirs)
            for what, mine, theirs in self._facets(now_asked)
            if mine != theirs
        ]
        found += self._argument_differences(now_asked)
        found += _item_differences(self.question, now_asked.question)
        if self.tool_schema != now_asked.tool_schema:
            found.append("the tool's description or arguments have been changed since")
        if self.question.digest != now_asked.question.digest:
            found.append("what the call would do has changed since the question was asked")
        if self.expires <= now:
            found.append(f"it expired at {moment(self.expires)}")
        return found

    def _facets(self, other: "Proposal") -> list[tuple[str, str, str]]:
        return [
            ("the server", self.server, other.server),
            ("the tool", self.tool, other.tool),
            ("the person", _name(self.person.subject), _name(other.person.subject)),
            ("the issuer of the person's token", self.person.issuer, other.person.issuer),
            ("the calling service", self.workload, other.workload),
            ("the surface", self.surface, other.surface),
            ("the policy", self.policy_version, other.policy_version),
            ("the risk", self.risk, other.risk),
            (
                "the number of people needed",
                "two" if self.four_eyes else "one",
                "two" if other.four_eyes else "one",
            ),
        ]

    def _argument_differences(self, other: "Proposal") -> list[str]:
        if self.arguments_digest == other.arguments_digest:
            return []
        mine, theirs = self.shown, other.shown
        found = [
            _argument_difference(name, mine.get(name), theirs.get(name))
            for name in sorted(mine.keys() | theirs.keys())
            if mine.get(name) != theirs.get(name)
        ]
        return found or ["an argument differs in a part that is not shown because it is secret"]


def draft(
    call: Call, caller: Caller, question: Question, now: float, life_seconds: float = 3600.0
) -> Proposal:
    """A new proposal for this call, with an id that cannot be guessed.

    Raises TypeError when the question lowers the risk or lists other items than would run,
    and ApprovalRefused for a caller without a person.
    """
    if not caller.subject:
        raise ApprovalRefused(
            f"{call.tool} needs a person's yes, and this call names no person. "
            "Call it with a user's token."
        )
    question.fits(call.arguments)
    return Proposal(
        id=secrets.token_hex(16),
        server=call.server,
        tool=call.tool,
        tool_schema=call.tool_schema,
        arguments_digest=digest(call.arguments),
        shown={visible(name): _shown(name, value) for name, value in call.arguments.items()},
        person=Person.behind(caller),
        workload=caller.workload,
        surface=caller.surface,
        policy_version=call.policy_version,
        question=_presentable(question),
        risk=question.final_risk(call.risk),
        four_eyes=call.four_eyes,
        created=now,
        expires=now + life_seconds,
    )


def _presentable(question: Question) -> Question:
    items = tuple(Item(_storable(one.id), visible(redact(one.text))) for one in question.items)
    return replace(question, text=visible(redact(question.text)), items=items)


def _storable(item_id: str) -> str:
    try:
        item_id.encode()
    except UnicodeEncodeError:
        raise BadInput("An element of the list is not valid Unicode text; correct it.") from None
    return item_id


def _shown(name: str, value: Json) -> str:
    # Redacted beside its name, which may be what makes it a secret.
    (hidden,) = _values(redact_json({name: value}))
    text = visible(canonical(hidden).decode())
    if len(text) <= _LONGEST_VALUE:
        return text
    left_out = len(text) - _LONGEST_VALUE
    return f"{text[:_LONGEST_VALUE]}… ({left_out} more characters, SHA-256 {digest(value)[:16]})"


def _values(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _argument_difference(name: str, mine: str | None, theirs: str | None) -> str:
    if mine is None:
        return f"argument `{name}` was not given, is {_quoted(theirs or '')}"
    if theirs is None:
        return f"argument `{name}` was {_quoted(mine)}, is not given"
    return _difference(f"argument `{name}`", mine, theirs)


def _item_differences(mine: Question, theirs: Question) -> list[str]:
    before, after = {item.id for item in mine.items}, {item.id for item in theirs.items}
    gone = [item.text for item in mine.items if item.id not in after]
    new = [item.text for item in theirs.items if item.id not in before]
    return [f"item {_quoted(text)} was listed, is not any more" for text in gone] + [
        f"item {_quoted(text)} was not listed, is now" for text in new
    ]


def _difference(what: str, mine: str, theirs: str) -> str:
    mine, theirs = _bare(mine), _bare(theirs)
    pairs = enumerate(zip(mine, theirs, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), min(len(mine), len(theirs)))
    start = 0 if same < _LONGEST_DIFFERENCE // 2 else same - _LONGEST_DIFFERENCE // 4
    mark = "…" if start else ""
    return f"{what} was {_quoted(mark + mine[start:])}, is {_quoted(mark + theirs[start:])}"


def _quoted(text: str) -> str:
    bare = _bare(text)
    short = bare if len(bare) <= _LONGEST_DIFFERENCE else bare[:_LONGEST_DIFFERENCE] + "…"
    return f"'{short}'"


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _name(subject: str) -> str:
    return subject.casefold().strip()


def _fold(subject: str) -> str:
    return _name(unicodedata.normalize("NFKC", subject))
