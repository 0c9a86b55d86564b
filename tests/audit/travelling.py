"""What stands over and in place of the pictures of Inside the cell."""

from __future__ import annotations

import numpy as np

from tests.audit.over import is_called
from tests.audit.reading import Facts, Rules, Said, claim, near
from tests.audit.shared import WORDS
from tests.audit.truth import Truth

PATHS, FORCED, RETENTION, SATURATION, GATE_TIME, GATE_TRAINING, KEPT, LANDING, CREDIT = (Rules() for _ in range(9))
PATHS_ALT, FORCED_ALT, RETENTION_ALT, SATURATION_ALT, GATE_TIME_ALT, GATE_TRAINING_ALT = (Rules() for _ in range(6))
KEPT_ALT, LANDING_ALT, CREDIT_ALT, PROBE_ALT = (Rules() for _ in range(4))
PARTS = {PATHS: "paths", FORCED: "probes", CREDIT: "credit"}


def _looked_at(rules: Rules, kind: str) -> None:
    @rules("One sequence.", "Mean over the {of} sequences of this step.", "{some} of the {of} sequences of this step.")
    def looked_at(truth: Truth, said: Said) -> None:
        meta = truth.answers[kind].meta
        if "of" not in said.places:
            claim(meta["of"] == 1, f"there are {meta['of']}")
            return
        said.exactly("of", meta["of"])
        claim(("some" in said.places) == (meta["sequences"] != meta["of"]), "of how many")
        if "some" in said.places:
            said.exactly("some", meta["sequences"])


for _rules, _kind in PARTS.items():
    _looked_at(_rules, _kind)

# -- where the gradient travels ---------------------------------------------------------------------------------------


def _shares(truth: Truth, k: int) -> dict[str, float]:
    found, names = truth.answers["paths"].arrays, truth.answers["paths"].meta["paths"]
    return {name: float(found[f"part.{name}"][k] / found["flow"][k]) for name in names}


@PATHS(
    "{lag} step{s:s?} back {share%} of it came down the {name:carousel|leak}; of the gates {gate:\\w+} counts most, {most%}.",
    "No {gradient:gradient} travels here.",
    "Measured along the gradient, so that shares sum to 1 and what works against it is negative; a gate counts for what "
    "passed it last.",
    "Parts cancel: one is up to {largest} times the gradient.",
    "As vectors the parts sum to the gradient {how:exactly|to [^ ]+(?: × [^ ]+)? of it}.",
    "There is no gradient to {share_out:share} out.",
    "Taken before the {clamp:clamp} inside backpropagation, which is not linear and has no parts.",
    "Of the last loss {alone:alone}.",
)
def paths(truth: Truth, said: Said) -> Facts:
    found, meta, places = truth.answers["paths"].arrays, truth.answers["paths"].meta, said.places
    with np.errstate(invalid="ignore"):
        live = [k for k in range(len(found["flow"])) if np.isfinite(found["flow"][k]) and found["flow"][k] > 0]
    last = len(found["flow"]) - 1
    if "lag" in places:
        k = min(k for k in live if k >= last - truth.lag)
        said.exactly("lag", last - k)
        shares = _shares(truth, k)
        said.near("share", shares.pop(said["name"]))
        claim(said["gate"] == max(shares, key=lambda name: abs(shares[name])), shares)
        said.near("most", shares[said["gate"]])
    elif "gradient" in places:
        claim(not [k for k in live if last - truth.lag <= k < last], "some does")
    elif "largest" in places:
        said.near("largest", max(abs(share) for k in live for share in _shares(truth, k).values()))
    elif "how" in places:
        error = meta["error"]
        claim(error == 0 if said["how"] == "exactly" else near(said["how"][3:-6], error), f"they differ by {error}")
        claim(error < 1e-4, f"they differ by {error}")
    elif "share_out" in places:
        claim(np.isnan(meta["error"]), "there is one")
    elif "clamp" in places:
        claim(truth.config.clip == "backprop", "nothing is clamped")
    elif "alone" in places:
        claim(truth.many and meta["alone"], "of all")
    else:
        for k in live:
            claim(
                abs(sum(_shares(truth, k).values()) - 1) < 1e-3 * max(1, *map(abs, _shares(truth, k).values())), "sum"
            )
    return {}


FACTORS = (
    "It has no gates and no carousel: all of the gradient goes through φ and U at every step.",
    "Here nothing arrives that could be {multiplied:multiplied}.",
    "A typical step leaves × {slope} at {phi:.+?} (that is φ′) and × {matrix} at U{norm:| and its normalisation}, together × "
    "{both}.",
)


@PATHS(*FACTORS)
@PATHS_ALT(*FACTORS)
def one_way(truth: Truth, said: Said) -> None:
    found = truth.answers["paths"].arrays
    claim(not truth.config.cell.gates, "it has gates")
    lines = {"slope": found["slope"][1:], "matrix": found["matrix"][1:]}
    lines["both"] = lines["slope"] * lines["matrix"]
    typical = {}
    for name, line in lines.items():
        with np.errstate(invalid="ignore"):
            known = line[np.isfinite(line) & (line > 0)].astype(float)
        typical[name] = float(known.prod() ** (1 / len(known))) if len(known) and known.prod() > 0 else None
    if "multiplied" in said.places:
        claim(any(not (np.isfinite(line) & (line > 0)).any() for line in lines.values()), "something does")
    elif "slope" in said.places:
        for name, value in typical.items():
            if value is not None:
                said.near(name, value)


@PATHS_ALT(
    "Stacked shares of the gradient by path at training step {step}, one column a time step.",
    "By how much each step multiplies the gradient at training step {step}.",
    "No {gradient:gradient} arrives anywhere.",
    "At step {t}: {parts:.+?}.",
)
def paths_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["paths"].arrays
    if "step" in said.places:
        said.exactly("step", truth.step)
        return
    with np.errstate(invalid="ignore"):
        live = np.flatnonzero(np.isfinite(found["flow"]) & (found["flow"] > 0))
    if "gradient" in said.places:
        claim(not live.size, "some does")
        return
    k = int(live[0])
    said.exactly("t", int(found["t"][k]))
    shares = _shares(truth, k)
    for part in said["parts"].split(", "):
        name, text = part.removeprefix("down the ").removeprefix("through ").split(" ", 1)
        claim(near(text, shares[name]), f"{name} is {shares[name]}")


# -- gates ------------------------------------------------------------------------------------------------------------


def _left(truth: Truth) -> tuple[int, float, dict[str, float]]:
    """(steps back, share left as it is, share left with each gate forced), as far as the task needs or truncation lets."""
    found, meta = truth.answers["probes"].arrays, truth.answers["probes"].meta
    asked = truth.loss_steps[-1]
    lag = truth.lag if truth.cut is None else min(truth.lag, truth.cut - 1)

    def share(flow: np.ndarray) -> float:
        last = float(flow[asked])
        return 0.0 if last == 0 else float(flow[asked - lag]) / last if np.isfinite(last) else np.nan

    return lag, share(found["before"]), {name: share(row) for name, row in zip(meta["names"], found["after"])}


def _probe(truth: Truth, name: str) -> str:
    gate, _, value = name.partition("=")
    own = truth.config.cell.gate(gate)
    return f"{own.name} = {value}" if own else f"peepholes {value}"


@FORCED(
    "It has no {gates:gates}: its gradient hangs on φ and U alone.",
    "There is no gradient to {lose:lose}.",
    "As it is, {own:nothing|.+?} is left {lag} step{s:s?} back, {any:whichever} gate is forced.",
    "As it is, {own:nothing|.+?} is left {lag} step{s:s?} back; {best:[^;]+?} leaves most, {most:nothing|.+?}, and "
    "{worst:[^;]+?} least, {least:nothing|.+?}.",
)
def forced(truth: Truth, said: Said) -> None:
    lag, own, left = _left(truth)
    if "gates" in said.places:
        claim(not truth.config.cell.gates, "it has")
        return
    known = {name: value for name, value in left.items() if np.isfinite(value)}
    if "lose" in said.places:
        claim(not known or not np.isfinite(own), "there is")
        return
    said.exactly("lag", lag)
    for name, value in (("own", own), ("most", max(known.values())), ("least", min(known.values()))):
        if name in said.places:
            claim(value == 0 if said[name] == "nothing" else near(said[name], value), f"{name} is {value}")
    if "any" in said.places:
        claim(max(known.values()) <= 1.0501 * own and min(known.values()) >= own / 1.0501, "some changes it")
    else:
        ends = {_probe(truth, name): value for name, value in known.items()}
        claim(ends[said["best"]] == max(known.values()) and ends[said["worst"]] == min(known.values()), "which")


@FORCED_ALT(
    "There is no {gate:gate} to force.",
    "Share of the gradient left {lag} step{s:s?} back with each gate forced in turn: {parts:.+?}.",
)
def forced_alt(truth: Truth, said: Said) -> None:
    lag, _, left = _left(truth)
    if "gate" in said.places:
        claim(not left, "there is")
        return
    said.exactly("lag", lag)
    for part, (name, value) in zip(said["parts"].split(", "), left.items(), strict=True):
        title = _probe(truth, name)
        claim(part.startswith(title) and near(part.removeprefix(title).strip(), value), f"{title} is {value}")


STEPS = "(?:for ever|nothing known|[^ ]+(?: × [^ ]+)? steps)"


def _constant(text: str, true: float) -> None:
    """A time constant, as it is written."""
    if text in ("for ever", "nothing known"):
        claim(np.isinf(true) if text == "for ever" else np.isnan(true), f"it is {true}")
    else:
        claim(near(text.removesuffix(" steps"), true), f"it is {true}")


@RETENTION(
    "The weights are not all {numbers:numbers}, and nothing is known of what they keep.",
    "{symbol:\\w} is always 1, so every unit keeps for ever, and what it adds up never leaves.",
    f"No gate keeps anything here; this is exp(mean ln φ′), what φ alone would leave of the gradient: the median unit × "
    f"{{factor}} a step, {{steps:{STEPS}}}.",
    f"{{enough}} of {{all}} unit{{s:s?}} {{be:is|are}} above the line; the median unit × {{factor}} a step, {{steps:{STEPS}}}. "
    "A time constant is −1 ÷ mean ln {symbol:\\w}: after so many steps 37 % of what was held is left.",
)
def retention(truth: Truth, said: Said) -> None:
    found, meta = truth.answers["gates"].arrays, truth.answers["gates"].meta
    median = float(found["kept.quantiles"][-1, 1])
    if "numbers" in said.places:
        claim(np.isnan(median), f"it is {median}")
        return
    claim("symbol" not in said.places or said["symbol"] == meta["keeps"], f"{meta['keeps']} keeps")
    if "factor" not in said.places:
        claim(found[f"{meta['keeps']}.mean"][-1] == 1, "it moves")
        return
    _constant(said["steps"], median)
    with np.errstate(divide="ignore"):
        said.near("factor", float(np.exp(-1 / np.float64(median))))
    claim(("symbol" in said.places) == bool(truth.config.cell.gates), "whether there is a gate")
    if "enough" in said.places:
        said.exactly("all", truth.config.cell.hidden_size)
        said.exactly("enough", int((found["kept.steps"] >= truth.lag).sum()))


@RETENTION_ALT(
    f"Time constants of {{H}} unit{{s:s?}}, from {{most:{STEPS}}} to {{least:{STEPS}}}, at training step {{step}}."
)
def retention_alt(truth: Truth, said: Said) -> None:
    steps = truth.answers["gates"].arrays["kept.steps"]
    said.exactly("H", len(steps))
    said.exactly("step", truth.step)
    _constant(said["most"], float(steps[0]))
    _constant(said["least"], float(steps[-1]))


@KEPT(
    f"The median unit: {{first:{STEPS}}} at step {{from}}. Train to see it move.",
    f"The median unit: {{first:{STEPS}}} at step {{from}}, {{last:{STEPS}}} at step {{to}}.",
)
@KEPT_ALT(
    f"Percentiles of the units' time constants at training step {{from}}; the median is {{first:{STEPS}}}.",
    f"Percentiles of the units' time constants over training; the median goes from {{first:{STEPS}}} to {{last:{STEPS}}}.",
)
def kept_training(truth: Truth, said: Said) -> None:
    found = truth.answers["gates"].arrays
    _constant(said["first"], float(found["kept.quantiles"][0, 1]))
    claim(("last" in said.places) == (len(found["step"]) > 1), "how many moments there are")
    if "from" in said.places:
        said.exactly("from", int(found["step"][0]))
    if "last" in said.places:
        _constant(said["last"], float(found["kept.quantiles"][-1, 1]))


def _gate(truth: Truth, title: str) -> str:
    """The symbol of a gate that is named in full."""
    names = {gate.name: gate.symbol for gate in truth.config.cell.gates}
    return "slope" if title.startswith("φ′") else names[title.split(" = ")[0]]


@SATURATION(
    "The weights are not all {numbers:numbers}, and neither is this.",
    "No gate of this cell {ever:ever} moves.",
    "No gates.",
    "φ bends {nowhere:nowhere}: all of the gradient passes it, always.",
    "{phi:.+?} is {below:dead \\(slope 0\\)|on its flat side} {shut%} of the time, and lets all through {open%}.",
    "{phi:.+?} is saturated (φ′ < 0.1) {shut%} of the time, and lets at most {largest} of a gradient through.",
    "{phi:.+?} is saturated (φ′ < 0.1) {shut%} of the time, and all but linear (> 0.9) {open%}.",
    "At an end most: {gate:.+?}, {stuck%} of the time. A dot is a unit: its share of time below 0.1 across, above 0.9 "
    "upwards; on the line it is always at an end.",
)
def saturation(truth: Truth, said: Said) -> None:
    found, meta, places = truth.answers["gates"].arrays, truth.answers["gates"].meta, said.places
    shares = {q: (float(found[f"{q}.shut_unit"].mean()), float(found[f"{q}.open_unit"].mean())) for q in meta["names"]}
    if "numbers" in places:
        claim(np.isnan(list(shares.values())).any(), "they are")
    elif "gate" in places:
        moving = {q: sum(each) for q, each in shares.items() if q not in meta["constant"]}
        claim(moving[_gate(truth, said["gate"])] == max(moving.values()), moving)
        said.near("stuck", max(moving.values()))
    elif "ever" in places:
        claim(set(meta["names"]) == set(meta["constant"]), "one does")
    elif "nowhere" in places:
        claim(shares["slope"] == (0, 1), f"it does: {shares}")
    elif "phi" in places:
        said.near("shut", shares["slope"][0])
        if "open" in places:
            said.near("open", shares["slope"][1])
        else:
            claim(shares["slope"][1] == 0, "it lets more through")
    else:
        claim(not truth.config.cell.gates, "it has gates")


@SATURATION_ALT(
    "A dot a unit: share of time below 0.1 against share above 0.9.", "{parts:(?!A dot).+? [^ ]+ % below, [^ ]+ % above(?:; .+)?}.",
    "{parts:.+ not a number below, not a number above.*}.",
)  # fmt: skip
def saturation_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["gates"].arrays
    if "parts" not in said.places:
        return
    for part in said["parts"].split("; "):
        text, opened = part.removesuffix(" above").split(" below, ")
        if "not a number" in part:
            continue
        title, shut = text.rsplit(" ", 2)[0], " ".join(text.rsplit(" ", 2)[1:])
        if " × 10" in text:
            title, shut = text.rsplit(" ", 4)[0], " ".join(text.rsplit(" ", 4)[1:])
        q = _gate(truth, title)
        claim(near(shut, float(found[f"{q}.shut_unit"].mean())), f"{q}: {found[f'{q}.shut_unit'].mean()} are below")
        claim(near(opened, float(found[f"{q}.open_unit"].mean())), f"{q}: {found[f'{q}.open_unit'].mean()} are above")


def _means(truth: Truth, text: str) -> None:
    """'input gate i 0.46, forget gate f 0.25' are the means over time and units of the first sequence, of every gate."""
    found, meta = truth.answers["gates"].arrays, truth.answers["gates"].meta
    names = {gate.symbol: gate.name for gate in truth.config.cell.gates} | {"slope": "φ′, what φ lets through"}
    parts = []
    for q in meta["names"]:
        rest = text[text.index(names[q]) + len(names[q]) :].strip()
        parts.append(f"{names[q]} {rest.split(', ')[0]}")
        true = float(found[f"{q}.over_time"][0].mean())
        claim(near(rest.split(", ")[0], true), f"{names[q]} is {true}")
    claim(text == ", ".join(parts), f"{text!r} says more than the gates' means")


@GATE_TIME(
    "At training step {step}.",
    "The weights are not all {numbers:numbers}, and neither is this.",
    "No gates here: this is φ′, what a unit lets through of the gradient, on average {mean}.",
    "{means:(?!No gate)(?:\\w+ gate|candidate) .+?}.",
    "No gate tells the marked steps from the others {yet:yet}.",
    "At the marked steps {gate:.+?} is {there} on average, elsewhere {elsewhere}.",
)
def gate_time(truth: Truth, said: Said) -> None:
    found, meta = truth.answers["gates"].arrays, truth.answers["gates"].meta
    lines = {q: found[f"{q}.over_time"][0].astype(float) for q in meta["names"]}
    if "step" in said.places:
        said.exactly("step", truth.step)
    elif "numbers" in said.places:
        claim(any(np.isnan(line).any() for line in lines.values()), "they are")
    elif "mean" in said.places:
        said.near("mean", lines["slope"].mean())
    elif "means" in said.places:
        _means(truth, said["means"])
    else:
        marked = truth.more["marked"]
        apart = {
            q: (line[marked].mean(), np.delete(line, marked).mean())
            for q, line in lines.items()
            if q not in meta["constant"]
        }
        most = max(apart, key=lambda q: abs(apart[q][0] - apart[q][1]))
        if "yet" in said.places:
            claim(abs(apart[most][0] - apart[most][1]) < 0.0201, f"{most} does: {apart[most]}")
        else:
            q = _gate(truth, said["gate"])
            claim(abs(apart[q][0] - apart[q][1]) >= abs(apart[most][0] - apart[most][1]) - 1e-6, f"{most} more")
            said.near("there", apart[q][0])
            said.near("elsewhere", apart[q][1])


@GATE_TIME_ALT("Mean of each gate over the units against the time step: {means:.+?}.")
def gate_time_alt(truth: Truth, said: Said) -> None:
    _means(truth, said["means"])


@GATE_TRAINING(
    "Over all units and the {count} fixed sequences{alone:|, at training step [\\d,]+}. Train to see them move.",
    "Over all units and the {count} fixed sequences. By now the weights are not all {numbers:numbers}.",
    "Over all units and the {count} fixed sequences. {name:φ′|Most: .+?} goes from {first} to {last}.",
)
def gate_training(truth: Truth, said: Said) -> None:
    found, meta = truth.answers["gates"].arrays, truth.answers["gates"].meta
    said.exactly("count", meta["sequences"])
    means = {q: found[f"{q}.mean"] for q in meta["names"]}
    if "numbers" in said.places:
        claim(any(np.isnan(mean[-1]) for mean in means.values()), "they are")
    elif "name" in said.places:
        q = "slope" if said["name"] == "φ′" else _gate(truth, said["name"].removeprefix("Most: "))
        moves = {each: abs(float(mean[-1] - mean[0])) for each, mean in means.items()}
        claim(moves[q] == max(moves.values()), moves)
        said.near("first", float(means[q][0]))
        said.near("last", float(means[q][-1]))
    else:
        claim(len(found["step"]) < 2, "there are more moments")


@GATE_TRAINING_ALT(
    "Means of the gates over training: {parts:.+?}.", "Means of the gates at training step {step}: {means:.+?}."
)
def gate_training_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["gates"].arrays
    claim(("step" in said.places) == (len(found["step"]) < 2), "how many moments there are")
    for part in said[("means" if "step" in said.places else "parts")].split("; "):
        title, _, ends = part.rpartition(" from ") if "step" not in said.places else part.rpartition(": ")
        mean = found[f"{_gate(truth, title)}.mean"]
        for text, true in zip(ends.split(" to "), (mean[0], mean[-1])):
            claim(near(text, float(true)), f"{title} is {true}")


# -- credit -----------------------------------------------------------------------------------------------------------


@LANDING(
    "Not every sequence gets a gradient that is a {number:number}, so there are no shares of it.",
    "{share%} of the credit{last:| of the last loss} lands on the steps that matter; here these are {all:all} there are.",
    "{share%} of the credit{last:| of the last loss} lands on the steps that matter, where an even spread would put {even%}; "
    "{rest%} goes to distractors.",
)
def landing(truth: Truth, said: Said) -> None:
    found, meta = truth.answers["landing"].arrays, truth.answers["landing"].meta
    share, even = float(found["gates"][-1]), float(found["expected"][-1])
    if "number" in said.places:
        claim(not np.isfinite(share), f"it is {share}")
        return
    said.near("share", share)
    claim(bool(said["last"]) == meta["alone"], "whose credit")
    if "all" in said.places:
        claim(even >= 1, f"{even} of them matter")
    else:
        said.near("even", even)
        said.near("rest", 1 - share)


@LANDING_ALT(
    "Share of credit at the steps that matter: {first%} at training step {from}; an even spread gives {even%}.",
    "Share of credit at the steps that matter over training: {first%} at step {from}, {last%} at step {to}; an even spread gives "
    "{even%}.",
)
def landing_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["landing"].arrays
    said.near("first", float(found["gates"][0]))
    said.exactly("from", int(found["step"][0]))
    said.near("even", float(found["expected"][-1]))
    claim(("to" in said.places) == (len(found["step"]) > 1), "how many moments there are")
    if "to" in said.places:
        said.near("last", float(found["gates"][-1]))
        said.exactly("to", int(found["step"][-1]))


@CREDIT(
    "This task asks {once:once}, so there is one row: its only loss.",
    "A {row:row} a loss, a column a state. Point at a row to throw the loss's light back through time.",
    "Of {losses} losses {counted} are worked out here.",
    "Shown are {shown} rows.",
    "As vectors the rows sum to the gradient of {what:them all together|the whole loss} {how:exactly|to [^ ]+(?: × [^ ]+)? of it}.",
    "Taken before the {clamp:clamp} inside backpropagation.",
)
def credit(truth: Truth, said: Said) -> None:
    found, meta, places = truth.answers["credit"].arrays, truth.answers["credit"].meta, said.places
    if "once" in places or "row" in places:
        claim(("once" in places) == (len(truth.loss_steps) == 1), "how often it asks")
    elif "losses" in places:
        said.exactly("losses", meta["losses"])
        said.exactly("counted", meta["counted"])
    elif "shown" in places:
        said.exactly("shown", len(found["step"]))
    elif "how" in places:
        error = meta["error"]
        claim(error == 0 if said["how"] == "exactly" else near(said["how"][3:-6], error), f"they differ by {error}")
        claim(error < 1e-4 and (said["what"] == "the whole loss") == (meta["counted"] == meta["losses"]), "of what")
    else:
        claim(truth.config.clip == "backprop", "nothing is clamped")


@CREDIT_ALT(
    "Matrix of gradient size, {S} loss{es:(?:es)?} by {C} state{s:s?}, at training step {step}, and the row of one loss as a curve.",
    "The loss at step {s} sends no {gradient:gradient} back.",
    "Loss at step {s}: its light {half:falls below half [\\d,]+ steps? back|never falls below half}{arrives:|; .+? arrives at step "
    "[\\d,]+, where information enters|; at step [\\d,]+, where information enters, it is cut by truncation}.",
)
def credit_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["credit"].arrays
    if "S" in said.places:
        said.exactly("S", len(found["step"]))
        said.exactly("C", len(found["t"]))
        said.exactly("step", truth.step)
        return
    row, t, s = found["state"][-1].astype(float), found["t"], int(found["step"][-1])
    said.exactly("s", s)
    own = row[max(np.flatnonzero(t <= s))]
    if "gradient" in said.places:
        claim(not own > 0 or not np.isfinite(own), f"it sends {own}")
        return
    with np.errstate(invalid="ignore"):
        below = [int(s - each) for each, value in zip(t, row) if 1 <= each < s and value < 0.5 * own]
    claim(("never" in said["half"]) == (not below), below)
    if below:
        claim(said["half"].split()[3].replace(",", "") == str(min(below)), f"{min(below)} back")
    first = truth.config.task.entry.first
    claim(bool(said["arrives"]) == (s > first), "whether anything entered")
    cut = first < found["reach"][-1]
    claim(("cut by" in said["arrives"]) == (cut and s > first), "whether it is cut")
    if said["arrives"] and not cut:
        text, there = said["arrives"][2:].split(" arrives")[0], float(row[np.abs(t - first).argmin()]) / own
        claim(there == 0 if text == "nothing" else near(text, there), f"{there} arrives")


@PROBE_ALT("Gradient of the last loss against the time step, on a log scale; {lag} step{s:s?} back, {parts:.+?}.")
def probe_alt(truth: Truth, said: Said) -> None:
    found, asked = truth.answers["probe"].arrays, truth.loss_steps[-1]
    said.exactly("lag", truth.lag)
    for part, name in zip(said["parts"].split("; "), ("before", "after")):
        flow, text = found[name], part.rpartition(": ")[2]
        with np.errstate(all="ignore"):
            share = float(flow[asked - truth.lag]) / float(flow[asked])
        if text in WORDS:
            is_called(truth, text, float(flow[asked - truth.lag]))
        else:
            claim(near(text, share), f"{name} is {share}")
