"""The LSTM, its peephole variant and what either may leave out: drawing and equations."""

from __future__ import annotations

from app.figures.microscope.records import Drawn, Equation, arrives
from app.figures.microscope.svg import box, drawing, line, node, number, word
from core.anatomy.carousel import Carousel
from core.anatomy.peephole import PeepholeAnatomy
from core.config import RunConfig

F, I, G, O = 130, 232, 334, 430
"""Where each gate stands."""
ROW, BUS, TOP = 240, 335, 60


def lstm(config: RunConfig) -> Drawn:
    """With the peepholes of the config, if it has any, and without what its variant leaves out."""
    kind, peeps = _variant(config), bool(config.cell.peepholes)
    gates = {q: x for q, x in (("f", F), ("i", I), ("g", G), ("o", O)) if q in config.cell.gate_names}
    parts = [*_carousel(kind), *_gate_ways(gates), *_output(kind), *_bus(gates), *(_peepholes(gates) if peeps else ())]
    name = " ".join(filter(None, ("LSTM with peepholes" if peeps else "LSTM", config.cell.variant_words)))
    *others, last = gates
    label = f"The {name}: cell state along the top, gates {', '.join(others)} and {last} below it, h at the right."
    return Drawn(drawing(440, label, *parts), _forward(config), _backward(config))


def _variant(config: RunConfig) -> str:
    return config.cell.variant if isinstance(config.cell, Carousel) else "standard"


def _carousel(kind: str) -> list[str]:
    """c₋ → × f → + → c, or straight to the + where nothing is forgotten."""
    if kind == "no-forget-gate":
        kept = [line(f"M8 {TOP} H271", "c0", "got_c")]
    else:
        kept = [line(f"M8 {TOP} H{F - 12}", "c0", "got_c"), line(f"M{F + 12} {TOP} H271", "kept", "dc"),
                node(F, TOP, "×"), number(F + 18, 46, "kept", "dc")]  # fmt: skip
    if kind == "coupled":
        kept += [line(f"M{I} 180 H{F} V{TOP + 12}", "f", "d.f"), box(F, 138, "1 −", width=46, height=28),
                 number(F + 6, 104, "f", "d.f")]  # fmt: skip
    return [
        *kept, line(f"M295 {TOP} H512", "c", "dc"), node(283, TOP, "+"),
        word(10, 24, "c₋", "start"), number(10, 46, "c0", "got_c"),
        word(510, 24, "c", "end"), number(510, 46, "c", "dc", "end"),
        line(f"M283 128 V{TOP + 12}", "new", "dc"), node(283, 140, "×"), number(290, 104, "new", "dc"),
    ]  # fmt: skip


def _gate_ways(gates: dict[str, int]) -> list[str]:
    forget = [
        line(f"M{F} {ROW - 20} V{TOP + 12}", "f", "d.f"), number(F + 6, 150, "f", "d.f"), box(F, ROW, "σ f", "fill.f"),
    ]  # fmt: skip
    return [
        *(forget if "f" in gates else ()), line(f"M{I} {ROW - 20} V140 H271", "i", "d.i"),
        line(f"M{G} {ROW - 20} V140 H295", "g", "d.g"), line(f"M{O} {ROW - 20} V165 H463", "o", "d.o"),
        number(I + 6, 198, "i", "d.i"), number(G + 6, 198, "g", "d.g"), number(O - 6, 160, "o", "d.o", "end"),
        box(I, ROW, "σ i", "fill.i"), box(G, ROW, "tanh g"), box(O, ROW, "σ o", "fill.o"),
    ]  # fmt: skip


def _output(kind: str) -> list[str]:
    if kind == "no-output-activation":
        through = [line(f"M475 {TOP} V153", "c", "d.tanh_c")]
    else:
        through = [line(f"M475 {TOP} V90", "c", "d.tanh_c"), line("M475 126 V153", "tanh_c", "d.tanh_c"),
                   box(475, 108, "tanh", width=52, height=34)]  # fmt: skip
    return [
        *through, node(475, 165, "×"), line("M487 165 H512", "h", "dh"), word(512, 188, "h", "end"),
        number(512, 207, "h", "dh", "end"),
    ]  # fmt: skip


def _bus(gates: dict[str, int]) -> list[str]:
    parts = [line(f"M8 {BUS} H{O}", "h0", "got_h", arrow=False), line("M60 420 V335", "x", "", arrow=False)]
    for q, x in gates.items():
        parts += [line(f"M{x} {BUS} V{ROW + 20}", f"st.{q}", f"a.{q}"), number(x + 5, 284, f"in.{q}", f"a.{q}"),
                  number(x + 5, 308, f"st.{q}", f"via.{q}")]  # fmt: skip
    left = min(gates.values()) - 10
    return [
        *parts, word(10, 362, "h₋", "start"), number(10, 384, "h0", "got_h"), word(72, 424, "x", "start"),
        number(88, 424, "input", ""), word(left, 284, "W x + b", "end", "there"),
        word(left, 308, "U h₋", "end", "there"),
        word(left, 284, "α", "end", "back"), word(left, 308, "Uᵀα", "end", "back"),
    ]  # fmt: skip


def _peepholes(gates: dict[str, int]) -> list[str]:
    first, *more = (x for q, x in gates.items() if q in "fi")
    return [
        line(f"M30 {TOP} V272 H{first - 16} V{ROW + 20}", "c0", "via.p", dotted=True),
        *(line(f"M{first - 16} 272 H{x - 16} V{ROW + 20}", "c0", "via.p", dotted=True) for x in more),
        line(f"M502 {TOP} V272 H{O + 16} V{ROW + 20}", "c", "at.p", dotted=True),
    ]


# -- equations --------------------------------------------------------------------------------------------------------

_CELL_STATE = {
    "standard": Equation("c = f⊙c₋ + i⊙g", "{c} = {f} · {c0} + {i} · {g}", "‖c‖ {c} · ‖f⊙c₋‖ {kept} · ‖i⊙g‖ {new}"),
    "no-forget-gate": Equation("c = c₋ + i⊙g", "{c} = {c0} + {i} · {g}", "‖c‖ {c} · ‖c₋‖ {c0} · ‖i⊙g‖ {new}"),
}
_INPUT_GATE = {
    "standard": Equation("α_i = δc⊙g⊙i(1 − i)", "{a.i} = {dc} · {g} · {i}(1 − {i})", "‖α_i‖ {a.i}"),
    "coupled": Equation(
        "α_i = δc⊙(g − c₋)⊙i(1 − i)", "{a.i} = {dc} · ({g} − {c0}) · {i}(1 − {i})", "‖α_i‖ {a.i}"
    ),
}  # fmt: skip


def _forward(config: RunConfig) -> tuple[Equation, ...]:
    kind, peeps, gates = _variant(config), bool(config.cell.peepholes), []
    for q, f in (("f", "σ"), ("i", "σ"), ("g", "tanh"), ("o", "σ")):
        if q not in config.cell.gate_names:
            continue
        seen = "" if not peeps or q == "g" else f" + p_{q}⊙{'c' if q == 'o' else 'c₋'}"
        symbols, unit = f"{q} = {f}(W_{q} x + b_{q} + U_{q} h₋{seen})", f"{{{q}}} = {f}({{in.{q}}} + {{st.{q}}})"
        rest = "‖the rest‖" if seen else "‖U h₋‖"
        gates.append(Equation(symbols, unit, f"‖{q}‖ {{{q}}} · ‖W x + b‖ {{in.{q}}} · {rest} {{st.{q}}}"))
        if kind == "coupled" and q == "i":
            gates.append(Equation("f = 1 − i", "{f} = 1 − {i}", "‖f‖ {f} · ‖i‖ {i}"))
    out = Equation("h = o⊙tanh c", "{h} = {o} · {tanh_c}", "‖h‖ {h} · ‖tanh c‖ {tanh_c}")
    if kind == "no-output-activation":
        out = Equation("h = o⊙c", "{h} = {o} · {c}", "‖h‖ {h} · ‖c‖ {c}")
    return (*gates, _CELL_STATE.get(kind, _CELL_STATE["standard"]), out)


def _backward(config: RunConfig) -> tuple[Equation, ...]:
    kind, gates = _variant(config), config.cell.gate_names
    forget = Equation("α_f = δc⊙c₋⊙f(1 − f)", "{a.f} = {dc} · {c0} · {f}(1 − {f})", "‖α_f‖ {a.f}")
    return (
        arrives(config),
        *_at_output(config),
        *((forget,) if "f" in gates else ()),
        _INPUT_GATE.get(kind, _INPUT_GATE["standard"]),
        Equation("α_g = δc⊙i⊙(1 − g²)", "{a.g} = {dc} · {i} · (1 − {g}²)", "‖α_g‖ {a.g}"),
        _to_c(config),
        Equation(
            "to h₋: Σ U_qᵀ α_q",
            f"{{sent_h}} = {' + '.join(f'{{via.{q}}}' for q in gates)} (through {', '.join(gates)})",
            f"‖to h₋‖ {{sent_h}} · through {', '.join(f'{q} {{via.{q}}}' for q in gates)}",
        ),
    )


def _at_output(config: RunConfig) -> tuple[Equation, Equation]:
    """δc and α_o."""
    symbols, unit = (" + p_o⊙α_o", " + {at.p}") if _sends_through_peepholes(config) else ("", "")
    norm = "‖δc‖ {dc} · ‖m_c, from later‖ {m_c}"
    if _variant(config) == "no-output-activation":
        through = "{dh} · {o}" if not config.cell.normalised else "{within}"
        return (
            Equation(f"δc = m_c + δh⊙o{symbols}", f"{{dc}} = {{m_c}} + {through}{unit}", norm),
            Equation("α_o = δh⊙c⊙o(1 − o)", "{a.o} = {dh} · {c} · {o}(1 − {o})", "‖α_o‖ {a.o}"),
        )
    through = "{dh} · {o}(1 − {tanh_c}²)" if not config.cell.normalised else "{within}"
    return (
        Equation(f"δc = m_c + δh⊙o⊙(1 − tanh²c){symbols}", f"{{dc}} = {{m_c}} + {through}{unit}", norm),
        Equation("α_o = δh⊙tanh c⊙o(1 − o)", "{a.o} = {dh} · {tanh_c} · {o}(1 − {o})", "‖α_o‖ {a.o}"),
    )


def _to_c(config: RunConfig) -> Equation:
    """What goes to the cell state before."""
    symbols, unit = ("δc", "{dc}") if _variant(config) == "no-forget-gate" else ("δc⊙f", "{dc} · {f}")
    if not _sends_through_peepholes(config):
        return Equation(f"to c₋: {symbols}", f"{{sent_c}} = {unit}", "‖to c₋‖ {sent_c}")
    seen = "".join(f" + p_{q}⊙α_{q}" for q in config.cell.gate_names if q in "if")
    return Equation(f"to c₋: {symbols}{seen}", f"{{sent_c}} = {unit} + {{via.p}}",
                    "‖to c₋‖ {sent_c} · ‖through the peepholes‖ {via.p}")  # fmt: skip


def _sends_through_peepholes(config: RunConfig) -> bool:
    return isinstance(config.cell, PeepholeAnatomy) and config.cell.peephole_gradient == "full"
