from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.auth.mesh import Mesh, workload
from dragoman.auth.refusal import TokenRefused

MESH = Mesh((ip_network("10.0.0.0/8"), ip_network("fd00::/8")), "corp.test")
PROXY = "10.1.2.3"
CHAT = "spiffe://corp.test/ns/chat/sa/web"
SPOOFED = "spiffe://corp.test/ns/root/sa/admin"


def xfcc(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-client-cert", value.encode("latin-1")) for value in values]


@pytest.mark.parametrize(
    "value",
    [
        f"URI={CHAT}",
        f"By=spiffe://corp.test/proxy;Hash=abc;URI={CHAT}",
        f'By=spiffe://corp.test/proxy;Hash=abc;Subject="CN=a,O=b;c=\\"d\\"";URI={CHAT};DNS=x;DNS=y',
        f'uri="{CHAT}"',
        f"URI={SPOOFED},By=spiffe://corp.test/proxy;URI={CHAT}",
        f'Subject="URI={SPOOFED},URI={SPOOFED}";URI={CHAT}',
        f'Subject="x\\";URI={SPOOFED};A=\\"";URI={CHAT}',
        f" URI={CHAT} ",
    ],
)
def test_service_is_the_uri_of_the_last_element(value: str) -> None:
    assert workload(PROXY, xfcc(value), MESH) == CHAT


def test_headers_of_several_lines_are_read_as_one() -> None:
    assert workload(PROXY, xfcc(f"URI={SPOOFED}", f"URI={CHAT}"), MESH) == CHAT


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
def test_peer_is_known_in_any_writing(peer: str) -> None:
    assert workload(peer, xfcc(f"URI={CHAT}"), MESH) == CHAT


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "11.0.0.1", "::1", "", "testclient", "10.1.2.3:99", "010.1.2.3"]
)
@pytest.mark.parametrize("value", [f"URI={CHAT}", '"broken', ""])
def test_untrusted_peer_proves_nothing(peer: str, value: str) -> None:
    assert not workload(peer, xfcc(value), MESH)


def test_nobody_is_trusted_unless_told() -> None:
    assert not workload("127.0.0.1", xfcc(f"URI={CHAT}"), Mesh())


@pytest.mark.parametrize(
    "name",
    [b"x-forwarded-for", b"x-forwarded-user", b"x-forwarded-host", b"forwarded", b"x-real-ip"],
)
def test_no_other_header_names_a_service(name: bytes) -> None:
    assert not workload("127.0.0.1", [(name, PROXY.encode()), *xfcc(f"URI={SPOOFED}")], MESH)
    assert not workload(PROXY, [(name, f"URI={SPOOFED}".encode())], MESH)


@pytest.mark.parametrize("value", ["By=a;Hash=b", "Hash=b;URI=", f"URI={SPOOFED},Hash=b"])
def test_peer_without_a_spiffe_id_is_no_service(value: str) -> None:
    assert not workload(PROXY, xfcc(value), MESH)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        f"URI={CHAT};",
        f"URI={CHAT},",
        f",URI={CHAT}",
        f"URI={CHAT};;Hash=a",
        f'URI="{CHAT}',
        f'URI="{CHAT}"x',
        f"=URI={CHAT}",
        f'Subject="x\\\\";URI={CHAT}',
        f'Subject="x\\";URI={CHAT}',
        f'Subject="x\\\\";A=";URI={SPOOFED}',
        f'Subject="a\\\\b";URI={CHAT}',
        f"URI={CHAT};URI={SPOOFED}",
        f"URI={CHAT};URI={CHAT}",
        f"uri={CHAT};URI={SPOOFED}",
        "URI=spiffe://other.test/ns/chat/sa/web",
        "URI=spiffe://corp.test.evil.test/x",
        "URI=spiffe://corp.test@evil.test/x",
        "URI=SPIFFE://corp.test/x",
        "URI=https://corp.test/x",
        "URI=spiffe://corp.test",
        "URI=spiffe://corp.test/",
        "URI=spiffe://corp.test/a//b",
        "URI=spiffe://corp.test/a/../root",
        "URI=spiffe://corp.test/a/.",
        "URI=spiffe://corp.test/a%2Fb",
        "URI=spiffe://corp.test/a?x",
        "URI=spiffe://corp.test/a b",
        "URI=spiffe://corp.test/\u00e9",
        "URI=spiffe://corp.test/" + "a" * 2048,
    ],
)
def test_what_a_trusted_peer_may_not_say_is_refused(value: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        workload(PROXY, xfcc(value), MESH)

    assert caught.value.reason == "mesh"
    assert "corp.test" not in str(caught.value)


def test_without_a_trust_domain_no_name_counts() -> None:
    with pytest.raises(TokenRefused):
        workload(PROXY, xfcc("URI=spiffe:///x"), Mesh(MESH.trusted_peers))


ANY = st.text(st.characters(max_codepoint=255), max_size=300)
PIECES = st.lists(
    st.sampled_from([*'",;=\\ ', '\\"', "\\\\", "URI=", "Subject=", "By=", CHAT, SPOOFED, "a"]),
    max_size=30,
).map("".join)


@given(value=ANY | PIECES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_header_is_read_or_refused(value: str) -> None:
    try:
        found = workload(PROXY, xfcc(value), MESH)
    except TokenRefused:
        return

    assert found == "" or found.startswith("spiffe://corp.test/")


@given(before=ANY | PIECES, subject=ANY | PIECES)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_a_client_can_write_gives_it_another_name(before: str, subject: str) -> None:
    """The proxy quotes the subject as it must; what came before is the client's own header."""
    quoted = subject.replace('"', '\\"')
    value = f'{before},By=spiffe://corp.test/p;Hash=ab;Subject="{quoted}";URI={CHAT}'
    try:
        found = workload(PROXY, xfcc(value), MESH)
    except TokenRefused:
        return

    assert found == CHAT
