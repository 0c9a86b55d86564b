"""The address for others: this machine's own name is none, and where it stands in a link is said."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from app.frame import share

PAGE = "/teach/unrolled/gradient_flow"


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "network_address", lambda: "192.168.7.5")


@pytest.mark.parametrize(
    "url", [f"https://example.org{PAGE}", f"http://192.168.7.5:8501{PAGE}", f"http://mine:80{PAGE}"]
)
def test_an_address_that_leads_here_from_elsewhere_is_shared_as_it_is(url: str) -> None:
    assert share.shared(urlsplit(url), None, 8501) == share.SharedAddress(url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "unrolled.localhost"])
def test_this_machine_s_own_name_gives_way_to_its_address_where_the_server_listens_there(host: str) -> None:
    for listens in (None, "", "0.0.0.0", "::"):
        found = share.shared(urlsplit(f"http://{host}:8501{PAGE}"), listens, 8501)
        assert found.url == f"http://192.168.7.5:8501{PAGE}" and host.strip("[]") in found.note


@pytest.mark.parametrize(("port", "listens"), [(8501, "localhost"), (8501, "127.0.0.1"), (8080, None), (None, None)])
def test_elsewhere_it_is_said_that_it_leads_to_nobody_else(port: int | None, listens: str | None) -> None:
    """The server listens to this machine alone, or somebody passes on to it who may."""
    url = f"http://localhost{(port and f':{port}') or ''}{PAGE}"
    found = share.shared(urlsplit(url), listens, 8501)
    assert found.url == url and "this machine alone" in found.note and "“localhost”" in found.note


def test_the_address_in_the_network_is_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(share, "CONTAINERS", ())
    found = share.network_address()
    assert found is None or not share.is_loopback(found)
    monkeypatch.setattr(share, "CONTAINERS", ("/",))
    assert share.network_address() is None


def test_the_picture_is_black_on_white_and_of_nothing_but_paths() -> None:
    svg = ElementTree.fromstring(share.picture(f"https://example.org{PAGE}?run=abc&task.length=50"))
    assert svg.attrib["viewBox"] and {element.tag for element in svg} == {"path"}
    paths = [element.attrib.get("fill") or element.attrib.get("stroke") for element in svg]
    assert paths == ["#fff", "#000"]
