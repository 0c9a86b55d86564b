"""The GRU: drawing and equations."""

from __future__ import annotations

from app.figures.microscope.records import Drawn, Equation, arrives
from app.figures.microscope.svg import box, drawing, line, node, number, word
from core.anatomy.gru import GRUAnatomy
from core.config import RunConfig

R, Z, N = 120, 228, 365
ROW, BUS, TOP = 250, 340, 60


def gru(config: RunConfig) -> Drawn:
    """With the reset before or after the product, as the config has it."""
    label = "The GRU: the state along the top, kept by z; gates r and z and the candidate n below it."
    return Drawn(drawing(440, label, *_leak(), *_gates(), *_bus()), _forward(config), _backward(config))


def _leak() -> list[str]:
    return [
        line(f"M8 {TOP} H163", "h0", "leak"), line(f"M187 {TOP} H353", "kept", "dh"),
        line(f"M377 {TOP} H512", "h", "dh"),
        node(175, TOP, "×"), node(N, TOP, "+"), word(10, 24, "h₋", "start"), number(10, 46, "h0", "got_h"),
        number(66, 82, "", "leak"),
        number(193, 46, "kept", "dh"), word(510, 24, "h", "end"), number(510, 46, "h", "dh", "end"),
        line(f"M{N} 128 V{TOP + 12}", "new", "dh"), node(N, 140, "×"), number(N + 7, 104, "new", "dh"),
    ]  # fmt: skip


def _gates() -> list[str]:
    return [
        line(f"M{Z} {ROW - 20} V140 H175 V{TOP + 12}", "z", "d.z"), line(f"M{Z} 140 H{N - 12}", "z", "d.z"),
        word(288, 132, "1 − z"), number(Z + 6, 176, "z", "d.z"),
        line(f"M{N} {ROW - 20} V152", "n", "d.n"), number(N + 7, 190, "n", "d.n"),
        line(f"M{R} {ROW - 20} V205 H{N - 22} V{ROW - 20}", "r", "d.r"), number(R - 4, 198, "r", "d.r", "end"),
        box(R, ROW, "σ r", "fill.r"), box(Z, ROW, "σ z", "fill.z"), box(N, ROW, "tanh n", width=66),
    ]  # fmt: skip


def _bus() -> list[str]:
    parts = [line(f"M8 {BUS} H{N}", "h0", "via", arrow=False), line(f"M60 425 V{BUS}", "x", "", arrow=False)]
    for q, x in (("r", R), ("z", Z), ("n", N)):
        parts += [line(f"M{x} {BUS} V{ROW + 20}", f"st.{q}", f"a.{q}"), number(x + 5, 293, f"in.{q}", f"a.{q}"),
                  number(x + 5, 316, f"st.{q}", f"via.{q}")]  # fmt: skip
    return [
        *parts, word(10, 367, "h₋", "start"), number(10, 389, "h0", "via"), word(72, 429, "x", "start"),
        number(88, 429, "input", ""), word(R - 10, 293, "W x + b", "end", "there"),
        word(R - 10, 316, "U h₋", "end", "there"),
        word(R - 10, 293, "α", "end", "back"), word(R - 10, 316, "Uᵀα", "end", "back"),
    ]  # fmt: skip


def _forward(config: RunConfig) -> tuple[Equation, ...]:
    inner = "r⊙(U_n h₋ + b)" if _after(config) else "U_n(r⊙h₋) + b"
    gates = [
        Equation(f"{q} = σ(W_{q} x + b_{q} + U_{q} h₋)", f"{{{q}}} = σ({{in.{q}}} + {{st.{q}}})",
                 f"‖{q}‖ {{{q}}} · ‖W x + b‖ {{in.{q}}} · ‖U h₋‖ {{st.{q}}}") for q in "rz"
    ]  # fmt: skip
    return (
        *gates,
        Equation(f"n = tanh(W_n x + b_n + {inner})", "{n} = tanh({in.n} + {st.n})",
                 "‖n‖ {n} · ‖W x + b‖ {in.n} · ‖the rest‖ {st.n}"),
        Equation("h = (1 − z)⊙n + z⊙h₋", "{h} = (1 − {z}) · {n} + {z} · {h0}",
                 "‖h‖ {h} · ‖(1 − z)⊙n‖ {new} · ‖z⊙h₋‖ {kept}"),
    )  # fmt: skip


def _backward(config: RunConfig) -> tuple[Equation, ...]:
    after = _after(config)
    by_r = "α_r = α_n⊙(U_n h₋ + b)⊙r(1 − r)" if after else "α_r = (U_nᵀα_n)⊙h₋⊙r(1 − r)"
    by_n = "U_nᵀ(r⊙α_n)" if after else "r⊙U_nᵀα_n"
    return (
        arrives(config),
        Equation("α_n = δh⊙(1 − z)⊙(1 − n²)", "{a.n} = {dh} · (1 − {z}) · (1 − {n}²)", "‖α_n‖ {a.n} · ‖δh‖ {dh}"),
        Equation("α_z = δh⊙(h₋ − n)⊙z(1 − z)", "{a.z} = {dh} · ({h0} − {n}) · {z}(1 − {z})", "‖α_z‖ {a.z}"),
        Equation(by_r, "{a.r} = {d.r} · {r}(1 − {r})", "‖α_r‖ {a.r}"),
        Equation("the leak: z⊙δh", "{leak} = {z} · {dh}", "‖z⊙δh‖ {leak}"),
        Equation(f"to h₋: z⊙δh + U_rᵀα_r + U_zᵀα_z + {by_n}", "{sent_h} = {leak} + {via.r} + {via.z} + {via.n}",
                 "‖to h₋‖ {sent_h} · leak {leak}, through r {via.r}, z {via.z}, n {via.n}"),
    )  # fmt: skip


def _after(config: RunConfig) -> bool:
    return isinstance(config.cell, GRUAnatomy) and config.cell.reset == "after"
