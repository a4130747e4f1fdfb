"""The frame of a card in a notebook: facts, networks and curves side by side, in plain HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from chainrule.estimators.cards.small_layers import LAYERS_WIDTH, layers
from chainrule.network import Network

WIDTH = 950  # of the card; its three parts lie side by side from 902 pixels on, beside the scroll bar of a notebook

TABLE = "border-collapse:collapse;margin:0;width:100%;background:none;font-size:inherit;color:inherit"
CELL = "padding:1px 0;text-align:left;vertical-align:top;white-space:normal"
STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.4;border:1px solid #8884;border-radius:8px;"
    f"padding:12px 16px;margin:4px 0 8px;display:inline-block;box-sizing:border-box;max-width:{WIDTH}px"
)


def framed(title: str, facts: Iterable[tuple[str, str]], networks: Iterable[tuple[Network, str]], curves: str) -> str:
    """Returns the card with this title, names and values of facts, networks with their sizes, and learning curves."""
    rows = "".join(
        f'<tr><td style="{CELL};padding-right:12px;opacity:.75">{escape(name)}</td>'
        f'<td style="{CELL}">{escape(value)}</td></tr>'
        for name, value in facts
    )
    drawn = "".join(
        f'<div style="margin-bottom:8px">{layers(net)}<div style="font-size:12px">{escape(size)}</div></div>'
        for net, size in networks
    )
    return (
        f'<div class="chainrule-card" style="{STYLE}">'
        f'<div style="font-weight:600;margin-bottom:6px">{escape(title)}</div>'
        '<div style="display:flex;gap:18px;flex-wrap:wrap;align-items:flex-start">'
        f'<div style="flex:1 1 280px"><table style="{TABLE}">{rows}</table></div>'
        f'<div style="width:{LAYERS_WIDTH}px">{drawn}</div>{curves}</div></div>'
    )
