"""The LSTM and its peephole variant: drawing and equations."""

from __future__ import annotations

from app.figures.microscope.records import ARRIVES, Drawn, Equation
from app.figures.microscope.svg import box, drawing, line, node, number, word
from core.config import RunConfig

F, I, G, O = 130, 232, 334, 430
"""Where each gate stands."""
ROW, BUS, TOP = 240, 335, 60


def lstm(config: RunConfig) -> Drawn:
    """With the peepholes of the config, if it has any."""
    peeps = config.cell.name == "peephole"
    parts = [*_carousel(), *_gate_ways(), *_output(), *_bus(), *(_peepholes() if peeps else ())]
    name = "LSTM with peepholes" if peeps else "LSTM"
    label = f"The {name}: cell state along the top, gates f, i, g and o below it, h at the right."
    return Drawn(drawing(440, label, *parts), _forward(config), _backward(config))


def _carousel() -> list[str]:
    return [
        line(f"M8 {TOP} H{F - 12}", "c0", "got_c"), line(f"M{F + 12} {TOP} H271", "kept", "dc"),
        line(f"M295 {TOP} H512", "c", "dc"), node(F, TOP, "×"), node(283, TOP, "+"),
        word(10, 24, "c₋", "start"), number(10, 46, "c0", "got_c"),
        number(F + 18, 46, "kept", "dc"), word(510, 24, "c", "end"), number(510, 46, "c", "dc", "end"),
        line(f"M283 128 V{TOP + 12}", "new", "dc"), node(283, 140, "×"), number(290, 104, "new", "dc"),
    ]  # fmt: skip


def _gate_ways() -> list[str]:
    return [
        line(f"M{F} {ROW - 20} V{TOP + 12}", "f", "d.f"), line(f"M{I} {ROW - 20} V140 H271", "i", "d.i"),
        line(f"M{G} {ROW - 20} V140 H295", "g", "d.g"), line(f"M{O} {ROW - 20} V165 H463", "o", "d.o"),
        number(F + 6, 150, "f", "d.f"), number(I + 6, 190, "i", "d.i"), number(G + 6, 190, "g", "d.g"),
        number(O - 6, 160, "o", "d.o", "end"),
        box(F, ROW, "σ f", "fill.f"), box(I, ROW, "σ i", "fill.i"), box(G, ROW, "tanh g"), box(O, ROW, "σ o", "fill.o"),
    ]  # fmt: skip


def _output() -> list[str]:
    return [
        line(f"M475 {TOP} V90", "c", "d.tanh_c"), line("M475 126 V153", "tanh_c", "d.tanh_c"),
        box(475, 108, "tanh", width=52, height=34), node(475, 165, "×"), line("M487 165 H512", "h", "dh"),
        word(512, 188, "h", "end"), number(512, 207, "h", "dh", "end"),
    ]  # fmt: skip


def _bus() -> list[str]:
    parts = [line(f"M8 {BUS} H{O}", "h0", "got_h", arrow=False), line("M60 420 V335", "x", "", arrow=False)]
    for q, x in (("f", F), ("i", I), ("g", G), ("o", O)):
        parts += [line(f"M{x} {BUS} V{ROW + 20}", f"st.{q}", f"a.{q}"), number(x + 5, 284, f"in.{q}", f"a.{q}"),
                  number(x + 5, 308, f"st.{q}", f"via.{q}")]  # fmt: skip
    return [
        *parts, word(10, 362, "h₋", "start"), number(10, 384, "h0", "got_h"), word(72, 424, "x", "start"),
        number(88, 424, "input", ""), word(F - 10, 284, "W x + b", "end", "there"),
        word(F - 10, 308, "U h₋", "end", "there"),
        word(F - 10, 284, "α", "end", "back"), word(F - 10, 308, "Uᵀα", "end", "back"),
    ]  # fmt: skip


def _peepholes() -> list[str]:
    return [
        line(f"M30 {TOP} V272 H{F - 16} V{ROW + 20}", "c0", "via.p", dotted=True),
        line(f"M{F - 16} 272 H{I - 16} V{ROW + 20}", "c0", "via.p", dotted=True),
        line(f"M502 {TOP} V272 H{O + 16} V{ROW + 20}", "c", "at.p", dotted=True),
    ]


def _forward(config: RunConfig) -> tuple[Equation, ...]:
    peeps = config.cell.name == "peephole"
    gates = []
    for q, f in (("f", "σ"), ("i", "σ"), ("g", "tanh"), ("o", "σ")):
        seen = "" if not peeps or q == "g" else f" + p_{q}⊙{'c' if q == 'o' else 'c₋'}"
        symbols, unit = f"{q} = {f}(W_{q} x + b_{q} + U_{q} h₋{seen})", f"{{{q}}} = {f}({{in.{q}}} + {{st.{q}}})"
        rest = "‖the rest‖" if seen else "‖U h₋‖"
        gates.append(Equation(symbols, unit, f"‖{q}‖ {{{q}}} · ‖W x + b‖ {{in.{q}}} · {rest} {{st.{q}}}"))
    return (
        *gates,
        Equation("c = f⊙c₋ + i⊙g", "{c} = {f} · {c0} + {i} · {g}", "‖c‖ {c} · ‖f⊙c₋‖ {kept} · ‖i⊙g‖ {new}"),
        Equation("h = o⊙tanh c", "{h} = {o} · {tanh_c}", "‖h‖ {h} · ‖tanh c‖ {tanh_c}"),
    )


def _backward(config: RunConfig) -> tuple[Equation, ...]:
    full = config.cell.name == "peephole" and config.cell.peephole_gradient == "full"
    p_o, p_if = (" + p_o⊙α_o", " + p_i⊙α_i + p_f⊙α_f") if full else ("", "")
    return (
        ARRIVES,
        Equation(
            f"δc = m_c + δh⊙o⊙(1 − tanh²c){p_o}",
            "{dc} = {m_c} + {dh} · {o}(1 − {tanh_c}²)" + (" + {at.p}" if full else ""),
            "‖δc‖ {dc} · ‖m_c, from later‖ {m_c}",
        ),
        Equation("α_o = δh⊙tanh c⊙o(1 − o)", "{a.o} = {dh} · {tanh_c} · {o}(1 − {o})", "‖α_o‖ {a.o}"),
        Equation("α_f = δc⊙c₋⊙f(1 − f)", "{a.f} = {dc} · {c0} · {f}(1 − {f})", "‖α_f‖ {a.f}"),
        Equation("α_i = δc⊙g⊙i(1 − i)", "{a.i} = {dc} · {g} · {i}(1 − {i})", "‖α_i‖ {a.i}"),
        Equation("α_g = δc⊙i⊙(1 − g²)", "{a.g} = {dc} · {i} · (1 − {g}²)", "‖α_g‖ {a.g}"),
        Equation(f"to c₋: δc⊙f{p_if}", "{sent_c} = {dc} · {f}" + (" + {via.p}" if full else ""),
                 "‖to c₋‖ {sent_c}" + (" · ‖through the peepholes‖ {via.p}" if full else "")),
        Equation("to h₋: Σ U_qᵀ α_q", "{sent_h} = {via.i} + {via.f} + {via.g} + {via.o} (through i, f, g, o)",
                 "‖to h₋‖ {sent_h} · through i {via.i}, f {via.f}, g {via.g}, o {via.o}"),
    )  # fmt: skip
