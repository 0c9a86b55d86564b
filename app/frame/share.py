"""The link to what is on screen: to copy, and as a picture for somebody else's camera.

The link is the page's own address, as the visitor's browser knows it. Where that says localhost it leads others to a
machine of theirs: then it is said, and where this server can be asked from elsewhere its address in the network stands
in the link instead.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import segno
import streamlit as st
from streamlit.components.v2 import component

from app.frame import dialogs
from app.visit import link, session

ALONE = "This link works on this machine alone: wherever it is opened, “{host}” is the machine that opens it."
NETWORK = (
    "Wherever it is opened, “{host}” is the machine that opens it. So the link has this machine's address in its "
    "network instead, and works for whoever is in the same network."
)
EVERYWHERE = ("", "0.0.0.0", "::")
CONTAINERS = ("/.dockerenv", "/run/.containerenv")
_HERE = Path(__file__).parent

_MOUNT = component(
    "unrolled_share",
    html=(_HERE / "share.html").read_text("utf-8"),
    css=(_HERE / "share.css").read_text("utf-8"),
    js=(_HERE / "share.js").read_text("utf-8"),
    isolate_styles=False,
)


def button() -> None:
    """Opens the box with the link."""
    text = "A link that shows others what you see: the settings, the run, the moment."
    if st.button("Share", key="share", help=text, icon=":material/share:", type="tertiary"):
        dialogs.open_dialog(Share())


@dataclass(frozen=True)
class Share:
    """The box: the link, a button that copies it, its picture, and who it works for."""

    title: str = "Share what you see"

    def draw(self) -> None:
        """The component, whose script copies."""
        shown = shared(urlsplit(st.context.url or ""), st.get_option("server.address"), st.get_option("server.port"))
        box("share-box", f"{shown.url}?{urlencode(link.write(session.visit()), doseq=True)}", shown.note)


def box(key: str, url: str, note: str) -> None:
    """A link to copy, its picture, and a sentence on who it works for."""
    _MOUNT(key=key, data={"url": url, "picture": picture(url), "note": note})


@dataclass(frozen=True)
class SharedAddress:
    """An address without its query, and a sentence on who it works for."""

    url: str
    note: str = ""


def shared(url: SplitResult, listens: str | None, port: int) -> SharedAddress:
    """The address ``url`` for others, of a server that listens at address ``listens`` on ``port``."""
    if not is_loopback(url.hostname or ""):
        return SharedAddress(url.geturl())
    network = network_address() if (listens or "") in EVERYWHERE and url.port == port else None
    if network is None:
        return SharedAddress(url.geturl(), ALONE.format(host=url.hostname))
    return SharedAddress(url._replace(netloc=f"{network}:{port}").geturl(), NETWORK.format(host=url.hostname))


def is_loopback(host: str) -> bool:
    """Whether ``host`` is, wherever it is asked, the asking machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def network_address() -> str | None:
    """This machine's address in its network; None where it has none, or where that of a container is all there is."""
    if any(Path(sign).exists() for sign in CONTAINERS):
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it asks which way a packet to elsewhere would go
        except OSError:
            return None
        address: Any = probe.getsockname()[0]
    return None if is_loopback(address) else str(address)


@lru_cache(maxsize=64)
def picture(url: str) -> str:
    """The QR picture of ``url`` as SVG: black on white in every theme, as cameras want it."""
    code = segno.make(url, micro=False, error="l", boost_error=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
