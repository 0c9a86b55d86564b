"""The plain RNN: drawing and equations."""

from __future__ import annotations

from app.figures.microscope.records import ARRIVES, Drawn, Equation
from app.figures.microscope.svg import box, drawing, line, node, number, word
from core.anatomy.rnn import RNNAnatomy
from core.config import RunConfig

ROW = 110


def rnn(config: RunConfig) -> Drawn:
    """With the activation of the config."""
    relu = isinstance(config.cell, RNNAnatomy) and config.cell.activation == "relu"
    phi = "ReLU" if relu else "tanh"
    parts = [
        line(f"M8 {ROW} H82", "h0", "got_h"), box(110, ROW, "U"),
        line(f"M139 {ROW} H228", "st.recurrent", "a.recurrent"), node(240, ROW, "+"),
        line(f"M252 {ROW} H331", "", "a.recurrent"), box(360, ROW, phi),
        line(f"M389 {ROW} H512", "h", "dh"), line("M240 290 V240", "x", ""), box(240, 220, "W"),
        line(f"M240 200 V{ROW + 12}", "in.recurrent", "a.recurrent"),
        word(10, 66, "h₋", "start"), number(10, 92, "h0", "got_h"), number(146, 92, "st.recurrent", "a.recurrent"),
        number(248, 166, "in.recurrent", ""), word(510, 66, "h", "end"), number(510, 92, "h", "dh", "end"),
        word(252, 290, "x", "start"), number(268, 290, "input", ""),
    ]  # fmt: skip
    label = "The plain RNN: the state through U and the input through W are summed, and φ of the sum is the new state."
    return Drawn(drawing(310, label, *parts), _forward(phi), _backward(relu))


def _forward(phi: str) -> tuple[Equation, ...]:
    return (
        Equation(f"h = {phi}(W x + b + U h₋)", f"{{h}} = {phi}({{in.recurrent}} + {{st.recurrent}})",
                 "‖h‖ {h} · ‖W x + b‖ {in.recurrent} · ‖U h₋‖ {st.recurrent}"),
    )  # fmt: skip


def _backward(relu: bool) -> tuple[Equation, ...]:
    slope = ("1 where h > 0, else 0", "{a.recurrent}, of {dh} where h is {h}") if relu else (
        "1 − h²", "{a.recurrent} = {dh} · (1 − {h}²)")  # fmt: skip
    return (
        ARRIVES,
        Equation(f"α = δh⊙({slope[0]})", slope[1], "‖α‖ {a.recurrent} · ‖δh‖ {dh}"),
        Equation("to h₋: Uᵀα", "{sent_h}", "‖to h₋‖ {sent_h}"),
    )
