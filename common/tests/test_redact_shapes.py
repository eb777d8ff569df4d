import os
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.answer.redact import redact, redact_json
from dragoman.answer.secret_shapes import SHAPES

ROUNDS = 2_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 40

WORDS = (
    "hunter2Xq",
    "correct-Horse9",
    "p@ss,w0rd",
    "a;b9'c",
    "0123456789",
    "$ecret9x",
    "Zm9vYmFy+/9=",
)
AFTER_A_KEY = """
password={}
password: {}
passwd = {}
DB_PASSWORD={}
MYSQL_PWD={}
export PGPASSWORD={}
"password": "{}"
'password': '{}'
\\"password\\": \\"{}\\"
{{"user": "bob", "api_key": "{}", "n": 1}}
{{'client_secret': '{}', 'n': 1}}
connect(user="bob", password="{}")
connect(password=SecretStr("{}"))
("spark.ssl.keyPassword", "{}")
("spark.ssl.keyPassword", b"{}")
os.environ["DB_PASSWORD"] = "{}"
access_token: {}
secret = "{}"
api key: {}
private-key: {}
X-Api-Key: {}
credentials="{} x"
--db-password={}
--password '{}'
fs.s3a.secret.key={}
spark.hadoop.fs.s3a.secret.key  {}
spark.ssl.trustStorePassword={}
javax.jdo.option.ConnectionPassword={}
<name>javax.jdo.option.ConnectionPassword</name><value>{}</value>
<password>{}</password>
Map(user -> bob, password -> {})
{{"name": "DB_PASSWORD", "value": "{}"}}
- name: DB_PASSWORD
  value: "{}"
CREATE USER bob IDENTIFIED BY "{}"
jdbc:sqlserver://h:1433;databaseName=x;user=bob;password={};encrypt=true
jdbc:postgresql://h/db?user=bob&password={}&ssl=true
aws_secret_access_key = {}
AccountName=x;AccountKey={};EndpointSuffix=y
SharedAccessKeyName=x;SharedAccessKey={}
SPARK_AUTHENTICATE_SECRET={}
FERNET_KEY={}
keytab_password: {}
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="{}"
password = \"\"\"{}\"\"\"
"""
ON_A_LINE = """
postgresql+psycopg2://bob:{}@db.example:5432/x
redis://:{}@cache:6379/0
amqp://bob:{}@mq:5672/
mongodb+srv://bob:{}@a.example,b.example/x
jdbc:oracle:thin:scott/{}@//db:1521/x
Authorization: Bearer {}
Authorization: Basic {}
{{'Authorization': 'Token {}'}}
Proxy-Authorization: Negotiate {}
Cookie: id={}; path=/
Set-Cookie: session={}; HttpOnly
https://x.example/a?X-Amz-Signature={}&x=1
https://x.example/a?X-Amz-Security-Token={}&x=1
https://x.example/a?sv=2024&sig={}&sp=r
https://x.example/a?access_token={}#frag
Driver={{X}};Uid=bob;Pwd={{{}}};
mysql -u root -p{} shop
curl -u bob:{} https://x.example
run -u bob -p {} --fast
machine x.example login bob password {}
echo {} | kinit bob@EXAMPLE
"""
A = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nP9rS"
HEX = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071"
BY_SHAPE = {
    "AWS id": "AKIA" + A.upper()[:16],
    "AWS temporary id": "ASIA" + A.upper()[:16],
    "AWS session": "IQoJb3JpZ2lu" + A * 4 + "==",
    "Google key": "AIza" + A[:35],
    "Google token": "ya29." + A,
    "Google secret": "GOCSPX-" + A[:28],
    "Google refresh": "1//0" + A,
    "Azure secret": "aB3" + "8Q~" + A[:34],
    "GitHub": "ghp_" + A[:36],
    "GitHub OAuth": "gho_" + A[:36],
    "GitHub server": "ghs_" + A[:36],
    "GitHub fine": "github_pat_" + A[:22] + "_" + A,
    "GitLab": "glpat-" + A[:20],
    "GitLab runner": "GR1348941" + A[:20],
    "Slack bot": "xoxb-123456789012-" + A[:24],
    "Slack app": "xapp-1-" + A,
    "Stripe": "sk_live_" + A[:24],
    "Stripe hook": "whsec_" + A[:32],
    "SendGrid": "SG." + A[:22] + "." + A[:43],
    "Twilio": "SK" + HEX[:32],
    "Mailgun": "key-" + HEX[:32],
    "Mailchimp": HEX[:32] + "-us12",
    "npm": "npm_" + A[:36],
    "PyPI": "pypi-" + A * 3,
    "Hugging Face": "hf_" + A[:34],
    "OpenAI": "sk-" + A,
    "OpenAI project": "sk-proj-" + A,
    "Anthropic": "sk-ant-api03-" + A,
    "Groq": "gsk_" + A,
    "Databricks": "dapi" + HEX[:32],
    "JWT": "eyJ" + A + ".eyJ" + A + "." + A,
    "Fernet": "gAAAAA" + A * 2 + "==",
    "Vault": "hvs." + A,
    "older Vault": "s." + A[:24],
    "Terraform": "x.atlasv1." + A * 2,
    "DigitalOcean": "dop_v1_" + HEX * 2,
    "Shopify": "shpat_" + HEX[:32],
    "Atlassian": "ATATT3x" + A * 2,
    "Grafana": "glsa_" + A,
    "Docker": "dckr_pat_" + A[:27],
    "New Relic": "NRAK-" + A.upper()[:27],
    "Telegram": "123456789:AA" + A[:33],
    "bcrypt": "$2b$12$" + A + A[:9],
}
PEM = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----".format(
    "\n".join([A + A[:20]] * 3)
)

surroundings = st.text(
    alphabet=st.sampled_from(string.ascii_letters + string.digits + " .:-_/\n"), max_size=80
)


def lines(block: str) -> list[str]:
    joined = block.strip("\n").replace("\n  value", "\x00  value")
    return [line.replace("\x00", "\n") for line in joined.split("\n")]


@pytest.mark.parametrize("template", lines(AFTER_A_KEY))
@pytest.mark.parametrize("word", WORDS)
def test_a_value_beside_a_secret_key_never_appears(template: str, word: str) -> None:
    if "'{}'" in template:
        word = word.replace("'", "")
    if "credentials" in template and word.isdigit():
        word += "abcdefgh"

    out = redact(template.format(word))

    assert word not in out
    assert "[redacted]" in out
    assert redact(out) == out


@pytest.mark.parametrize("template", lines(ON_A_LINE))
def test_a_secret_in_a_url_header_or_command_never_appears(template: str) -> None:
    out = redact(template.format("hunter2Xq"))

    assert "hunter2Xq" not in out
    assert redact(out) == out


@pytest.mark.parametrize("name", BY_SHAPE)
def test_a_secret_known_by_its_shape_never_appears(name: str) -> None:
    secret = BY_SHAPE[name]

    assert redact(f"it was ({secret}), so") == "it was ([redacted]), so"
    assert secret not in str(redact_json({"note": [f"x {secret}"]}))


def test_there_are_at_least_45_kinds_of_secrets() -> None:
    assert len(SHAPES) + len(lines(AFTER_A_KEY)) + len(lines(ON_A_LINE)) >= 100


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(before=surroundings, after=surroundings, name=st.sampled_from(sorted(BY_SHAPE)))
def test_shapes_are_found_in_any_surroundings(before: str, after: str, name: str) -> None:
    secret = BY_SHAPE[name]

    out = redact(f"{before} {secret} {after}")

    assert secret not in out
    assert redact(out) == out


@pytest.mark.proof
@settings(max_examples=ROUNDS * 3, deadline=None, derandomize=True)
@given(
    before=surroundings,
    after=surroundings,
    template=st.sampled_from(lines(AFTER_A_KEY) + lines(ON_A_LINE)),
)
def test_pairs_are_found_in_any_surroundings(before: str, after: str, template: str) -> None:
    out = redact(f"{before}\n{template.format('hunter2Xq')}\n{after}")

    assert "hunter2Xq" not in out
    assert redact(out) == out


@pytest.mark.parametrize("newline", ["\n", "\\n", "\r\n"])
@pytest.mark.parametrize("ending", [PEM, PEM.split("\n-----END", maxsplit=1)[0]])
def test_a_pem_block_is_hidden_whole_or_cut_escaped_or_not(newline: str, ending: str) -> None:
    out = redact(f'{{"private_key": "{ending}"}}'.replace("\n", newline))
    alone = redact(f"x {ending} and more".replace("\n", newline))

    assert A[:20] not in out
    assert A[:20] not in alone
    assert redact(alone) == alone


def test_a_value_over_several_lines_is_hidden_to_its_end() -> None:
    quoted = redact('password = "first9\nsecond9"\nuser = bob')
    block = redact("password: |\n  first9\n  second9\nuser: bob")

    assert quoted == 'password = "[redacted]"\nuser = bob'
    assert "first9" not in block
    assert "second9" not in block
    assert block.endswith("user: bob")


@pytest.mark.parametrize("above", ["0:", "PASSWORD", "note:"])
@pytest.mark.parametrize("pair", ['"password": "{}"', '("spark.ssl.keyPassword", "{}")'])
def test_a_pair_below_another_line_is_still_a_pair(above: str, pair: str) -> None:
    told = redact(f"{above}\n{pair.format('hunter2Xq')}\n")

    assert told == f"{above}\n{pair.format('[redacted]')}\n"


@pytest.mark.parametrize("before", ["ValueError: ", "no: ", "a: b = c: "])
@pytest.mark.parametrize("pair", ["DB_PASSWORD: {}", "aws_secret_access_key = {}"])
def test_a_pair_after_another_word_and_a_colon_is_still_a_pair(before: str, pair: str) -> None:
    told = redact(before + pair.format("hunter2Xq9aB3dE5"))

    assert told == before + pair.format("[redacted]")
