from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Algorithm = Literal["ES256", "RS256", "EdDSA"]


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Issuer(BaseModel):
    """Whose tokens this server takes, and how it reads them.

    `issuer` is compared exactly. A token needs one of `audience` in its `aud`, which may be
    one value or a list; both sides are compared exactly after one final slash is cut.
    Two issuers must not give the same subject to two persons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        min_length=1, description="What names this server in `aud`; one string or several"
    )
    jwks_uri: str = Field(pattern=r"^https?://[^/]")
    algorithms: tuple[Algorithm, ...] = Field(default=("ES256", "RS256", "EdDSA"), min_length=1)
    subject_claim: str = Field(
        default="sub", min_length=1, description="The one claim that is the person"
    )
    groups_claim: str = Field(default="groups", min_length=1)
    channel_claim: str = Field(default="channel", min_length=1)

    def meant_here(self, audience: str) -> bool:
        return audience.removesuffix("/") in {each.removesuffix("/") for each in self.audience}
