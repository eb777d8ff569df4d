"""The shapes by which a secret is known without its key.

Patterns are linear in the text: possessive runs, starts that cannot repeat inside a run, bounded
gaps. Group `secret` is what is hidden; without it, all that matched.
"""

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Shape:
    """One kind of secret; every match contains at least one of `hints`, in that case.

    `probe`, in Rust's syntax, stands in for hints that ordinary text is full of.
    """

    name: str
    hints: tuple[str, ...]
    pattern: str
    probe: str = ""


_RUN = r"[A-Za-z0-9_\-]"
_START = r"(?<![A-Za-z0-9_\-])"
_ALNUM = r"(?<![A-Za-z0-9])"
_HOST_END = r"""(?=[\w.\-\[\]]++(?:[:/?,;\s"'<>)\\&|]|$))"""


def _prefixed(name: str, prefixes: str, body: str) -> Shape:
    hints = tuple(prefixes.split())
    return Shape(name, hints, f"(?:{'|'.join(map(re.escape, hints))}){body}")


SHAPES = (
    Shape(
        "PEM block",
        ("-----BEGIN ",),
        r"""-----BEGIN\ [A-Z0-9 ]{1,40}-----
        (?P<secret>(?:[^-]|-(?!----))*+(?=-----END)
        |(?:(?:\s|\\[nr]|["'+,])*+[A-Za-z0-9+/]{30,}+={0,2}+)*+
         (?:(?:\s|\\[nr])*+[A-Za-z0-9+/]++={0,2}+)?)""",
    ),
    Shape(
        "PuTTY private key",
        ("Private-Lines:",),
        r"Private-Lines:\s*+\d++(?P<secret>(?:\s++[A-Za-z0-9+/=]{20,}+)++)",
    ),
    Shape(
        "password in a URL",
        ("://",),
        rf"""://[^\s:/?\#@"'<>]{{0,256}}+:(?!\d{{1,5}}(?:[/?\#,\s]|$))
        (?P<secret>(?!\[redacted\]@)[^\s"'<>]{{1,256}}?)@{_HOST_END}""",
        probe=r"""://[^\s/?#@"'<>]*:[^\s"'<>]+@""",
    ),
    Shape(
        "token in a URL",
        ("://",),
        r"://(?P<secret>(?=[^\s@/]{0,256}\d)[A-Za-z0-9_.~%\-]{16,256}+)@",
        probe=r"""://[A-Za-z0-9_.~%\-]{16,}@""",
    ),
    Shape(
        "Oracle password",
        (":thin:",),
        r":thin:\w{1,64}+/(?P<secret>(?!\[redacted\]@)[^\s@/]{1,256}+)@",
    ),
    Shape(
        "AWS secret key beside its id",
        ("AKIA", "ASIA"),
        r"A[KS]IA[A-Z0-9]{16}[\s:,;|/\"']{1,4}+(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    ),
    Shape(
        "AWS access key id",
        ("AKIA", "ASIA", "AROA", "AIDA", "ABIA", "ACCA"),
        r"(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16,}+",
        probe=r"""A(?:KIA|SIA|ROA|IDA|BIA|CCA)[A-Z0-9]{16}""",
    ),
    _prefixed(
        "AWS session token", "IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz", r"[A-Za-z0-9+/=_\-%]++"
    ),
    _prefixed("Bedrock key", "ABSKQmVkcm9ja0FQSUtleS", r"[A-Za-z0-9+/=]++"),
    _prefixed("Google API key", "AIza", rf"{_RUN}{{30,}}+"),
    _prefixed("Google OAuth secret", "GOCSPX-", rf"{_RUN}{{16,}}+"),
    _prefixed("Google access token", "ya29.", r"[A-Za-z0-9_.\-]{16,}+"),
    Shape(
        "Google refresh token",
        ("1//0",),
        rf"{_ALNUM}1//0{_RUN}{{20,}}+",
        probe=r"""1//0[\w\-]{20}""",
    ),
    Shape("Azure client secret", ("8Q~",), r"[A-Za-z0-9_~.\-]{3}8Q~[A-Za-z0-9_~.\-]{30,}+"),
    _prefixed("Azure DevOps token", "AZDO", r"[A-Za-z0-9]{40,}+"),
    _prefixed("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9_]{20,}+"),
    _prefixed("GitHub fine-grained token", "github_pat_", r"[A-Za-z0-9_]{20,}+"),
    _prefixed(
        "GitLab token",
        "glpat- gldt- glrt- glptt- glcbt- glsoat- glffct- glimt- glft- glagent-",
        r"[A-Za-z0-9_.\-]{16,}+",
    ),
    _prefixed("GitLab runner token", "GR1348941", rf"{_RUN}{{16,}}+"),
    Shape(
        "Slack token",
        ("xox", "xapp-", "xwfp-"),
        rf"(?:xox[a-z]|xapp|xwfp)-{_RUN}{{8,}}+",
        probe=r"""(?:xox[a-z]|xapp|xwfp)-""",
    ),
    Shape(
        "Slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/]{16,}+)",
    ),
    Shape(
        "Discord webhook",
        ("/api/webhooks/",),
        rf"/api/webhooks/\d{{1,20}}+/(?P<secret>{_RUN}{{20,}}+)",
    ),
    Shape(
        "Teams webhook",
        (".webhook.office.com/",),
        r"\.webhook\.office\.com/(?P<secret>[A-Za-z0-9@/\-]{20,}+)",
    ),
    Shape(
        "Telegram bot token",
        (":AA",),
        rf"(?<!\d)\d{{8,10}}:AA{_RUN}{{30,}}+",
        probe=r"""[0-9]{8}:AA""",
    ),
    _prefixed("Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_", r"[A-Za-z0-9+/=]{10,}+"),
    _prefixed("SendGrid key", "SG.", rf"{_RUN}{{10,}}+\.{_RUN}{{10,}}+"),
    Shape(
        "Twilio key",
        ("SK", "AC"),
        rf"{_ALNUM}(?:SK|AC)[0-9a-f]{{32}}(?![0-9a-f])",
        probe=r"""(?:SK|AC)[0-9a-f]{32}""",
    ),
    Shape(
        "Mailgun key",
        ("key-",),
        rf"{_START}key-[0-9a-f]{{32}}(?![0-9a-f])",
        probe=r"""key-[0-9a-f]{32}""",
    ),
    Shape(
        "Mailchimp key",
        ("-us",),
        rf"{_START}[0-9a-f]{{32}}-us\d{{1,2}}\b",
        probe=r"""[0-9a-f]{32}-us[0-9]""",
    ),
    _prefixed("npm token", "npm_", r"[A-Za-z0-9]{30,}+"),
    _prefixed("PyPI token", "pypi-", rf"{_RUN}{{30,}}+"),
    _prefixed("RubyGems key", "rubygems_", r"[0-9a-f]{40,}+"),
    Shape(
        "Hugging Face token",
        ("hf_", "api_org_"),
        r"(?<![A-Za-z0-9])(?:hf|api_org)_[A-Za-z0-9]{24,}+",
        probe=r"""(?:hf|api_org)_[A-Za-z0-9]{24}""",
    ),
    Shape(
        "model provider key",
        ("sk-",),
        rf"{_START}sk-(?=[A-Za-z_\-]{{0,200}}+\d){_RUN}{{16,}}+",
        probe=r"""sk-[A-Za-z0-9_\-]{16}""",
    ),
    Shape(
        "Groq, xAI, Replicate key",
        ("gsk_", "xai-", "r8_", "pplx-"),
        r"(?<![A-Za-z0-9])(?:gsk_|xai-|r8_|pplx-)[A-Za-z0-9]{30,}+",
        probe=r"""(?:gsk_|xai-|r8_|pplx-)[A-Za-z0-9]{30}""",
    ),
    Shape(
        "Databricks token",
        ("dapi", "dose", "dkea"),
        rf"{_ALNUM}(?:dapi|dose|dkea)[0-9a-f]{{32,}}+(?:-\d++)?+",
        probe=r"""(?:dapi|dose|dkea)[0-9a-f]{32}""",
    ),
    Shape("JSON web token", ("eyJ",), r"(?<![A-Za-z0-9_\-])eyJ[\w\-]{8,}+(?:\.[\w\-]*+){1,4}+"),
    _prefixed("Fernet token", "gAAAAA", r"[A-Za-z0-9_\-=]{40,}+"),
    Shape("Vault token", ("hvs.", "hvb.", "hvr."), rf"{_ALNUM}hv[sbr]\.{_RUN}{{20,}}+"),
    Shape(
        "older Vault token",
        ("s.",),
        r"(?<![\w.\-/])s\.(?=[A-Za-z]{0,24}+\d)[A-Za-z0-9]{24}(?![\w.])",
        probe=r"""s\.[A-Za-z0-9]{24}""",
    ),
    Shape(
        "Terraform token",
        (".atlasv1.",),
        rf"{_ALNUM}[A-Za-z0-9]{{1,40}}+\.atlasv1\.{_RUN}{{40,}}+",
    ),
    Shape(
        "Doppler token",
        ("dp.",),
        r"(?<![\w.])dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.]{30,}+",
        probe=r"""dp\.(?:pt|st|ct|sa|scim|audit)\.""",
    ),
    _prefixed("DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{40,}+"),
    _prefixed("Shopify token", "shpat_ shpca_ shppa_ shpss_", r"[0-9a-fA-F]{32,}+"),
    _prefixed("Atlassian token", "ATATT3x ATCTT3x ATBB", r"[A-Za-z0-9_=\-]{20,}+"),
    _prefixed(
        "Linear, Figma, Notion key", "lin_api_ lin_oauth_ figd_ ntn_", r"[A-Za-z0-9_\-]{30,}+"
    ),
    _prefixed("Grafana token", "glsa_ glc_", r"[A-Za-z0-9+/=_]{30,}+"),
    _prefixed("Sentry token", "sntrys_ sntryu_", r"[A-Za-z0-9+/=_]{30,}+"),
    _prefixed("New Relic key", "NRAK- NRJS- NRII-", r"[A-Za-z0-9_\-]{19,}+"),
    _prefixed("PlanetScale key", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[A-Za-z0-9_.=\-]{30,}+"),
    _prefixed("Dynatrace token", "dt0c01. dt0s01.", r"[A-Z0-9]{20,}+\.[A-Z0-9]{40,}+"),
    _prefixed("Square token", "sq0atp- sq0csp- sq0idp-", rf"{_RUN}{{20,}}+"),
    _prefixed("Heroku key", "HRKU-", rf"{_RUN}{{30,}}+"),
    _prefixed("Docker token", "dckr_pat_ dckr_oat_", rf"{_RUN}{{20,}}+"),
    _prefixed(
        "Pulumi, Postman, Airtable key",
        "pul- PMAK- pat1",
        r"(?=[A-Za-z_.\-]*+\d)[A-Za-z0-9_.\-]{40,}+",
    ),
    _prefixed("age secret key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{40,}+"),
    Shape(
        "password hash",
        ("$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$argon2"),
        r"\$(?:2[aby]|[56y]|argon2id?)\$[A-Za-z0-9./$=,+]{20,}+",
    ),
)


def probe() -> str:
    """One pattern in Rust's syntax that is in every text in which a shape can match."""
    plain = {hint for shape in SHAPES if not shape.probe for hint in shape.hints}
    literal = [re.sub(r"([$.+^])", r"\\\1", hint) for hint in sorted(plain)]
    return "|".join([*literal, *(shape.probe for shape in SHAPES if shape.probe)])


@cache
def compiled() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """Each shape's hints and pattern, in the order they are to be applied."""
    return tuple((shape.hints, re.compile(shape.pattern, re.VERBOSE)) for shape in SHAPES)
