"""The plain RNN: drawing and equations."""

from __future__ import annotations

from app.figures.microscope.records import Drawn, Equation, arrives
from app.figures.microscope.svg import box, drawing, line, node, number, word
from core.anatomy import Phi
from core.config import RunConfig

ROW, WIDE = 110, 100
"""Height of the line that leads through, and width of the activation's box."""


def rnn(config: RunConfig) -> Drawn:
    """With the activation of the config."""
    phi = config.cell.phi
    assert phi is not None
    through = [line(f"M252 {ROW} H512", "h", "dh")] if phi.bends == "nowhere" else [
        line(f"M252 {ROW} H{360 - WIDE / 2 - 2:g}", "", "a.recurrent"), box(360, ROW, phi.name, width=WIDE),
        line(f"M{360 + WIDE / 2:g} {ROW} H512", "h", "dh"),
    ]  # fmt: skip
    parts = [
        line(f"M8 {ROW} H82", "h0", "got_h"), box(110, ROW, "U"),
        line(f"M139 {ROW} H228", "st.recurrent", "a.recurrent"), node(240, ROW, "+"),
        *through, line("M240 290 V240", "x", ""), box(240, 220, "W"),
        line(f"M240 200 V{ROW + 12}", "in.recurrent", "a.recurrent"),
        word(10, 66, "h₋", "start"), number(10, 92, "h0", "got_h"), number(146, 92, "st.recurrent", "a.recurrent"),
        number(248, 166, "in.recurrent", ""), word(510, 66, "h", "end"), number(510, 92, "h", "dh", "end"),
        word(252, 290, "x", "start"), number(268, 290, "input", ""),
    ]  # fmt: skip
    label = "The plain RNN: the state through U and the input through W are summed, and φ of the sum is the new state."
    return Drawn(drawing(310, label, *parts), _forward(phi), _backward(phi, config))


def _forward(phi: Phi) -> tuple[Equation, ...]:
    symbols, numbers = (phi.of.format(total) for total in ("W x + b + U h₋", "{in.recurrent} + {st.recurrent}"))
    sizes = "‖h‖ {h} · ‖W x + b‖ {in.recurrent} · ‖U h₋‖ {st.recurrent}"
    return (Equation(f"h = {symbols}", f"{{h}} = {numbers}", sizes),)


def _backward(phi: Phi, config: RunConfig) -> tuple[Equation, ...]:
    symbols, numbers = {
        "smoothly": (f"α = δh⊙{phi.slope}", "{a.recurrent} = {dh} · " + phi.slope.replace("h", "{h}")),
        "at 0": (f"α = δh⊙{phi.slope}", "{a.recurrent}, of {dh} where h is {h}"),
        "nowhere": ("α = δh", "{a.recurrent} = {dh}"),
    }[phi.bends]
    return (
        arrives(config),
        Equation(symbols, numbers, "‖α‖ {a.recurrent} · ‖δh‖ {dh}"),
        Equation("to h₋: Uᵀα", "{sent_h}", "‖to h₋‖ {sent_h}"),
    )
