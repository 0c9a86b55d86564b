"""What is said for whoever does not see the pictures of one moment and of the training: their texts and their labels."""

from __future__ import annotations

import re

import numpy as np

from tests.audit.hints import ever_clipped, of_all
from tests.audit.labs import horizon
from tests.audit.reading import Rules, Said, claim, near
from tests.audit.shared import WORDS
from tests.audit.truth import TINY, Truth

STRIP, CURVE, TRAINING, LOSS, SCORE, NORMS, SHARE, ANGLE, UPDATE, GATES, REACH = (Rules() for _ in range(11))
"""By view: what stands in its place for whoever does not see it."""
LOSS_HINT, SCORE_HINT, GATES_HINT, UPDATE_HINT = (Rules() for _ in range(4))
NAMED = "|".join(WORDS)
SIZE = f"{{at:(?:{NAMED})|.+?}}"


def _reference(truth: Truth) -> tuple[float, str]:
    """What the whole profile is measured by, and its name."""
    flow = np.asarray(truth.frame.flow, float)
    last = flow[truth.loss_steps[-1]]
    if np.isfinite(last) and last > 0:
        return float(last), "the last step"
    usable = flow[np.isfinite(flow) & (flow > 0)]
    return float(usable.max()) if usable.size else 1.0, "the largest step"


def _is(truth: Truth, text: str, step: int) -> None:
    """``text`` says how large the gradient is at a step, or why it is no ordinary number."""
    value, (to, _) = float(truth.frame.flow[step]), _reference(truth)
    if text in WORDS:
        is_called(truth, text, value)
    else:
        claim(near(text, value / to), f"at step {step} it is {value / to}")


def is_called(truth: Truth, name: str, value: float) -> None:
    """``value`` is no ordinary number, and may have this name."""
    claim(not (np.isfinite(value) and value >= TINY), f"it is {value}")
    kinds = {"overflowed": np.isinf(value), "not a number": np.isnan(value)}
    claim(kinds.get(name, bool(np.isfinite(value))), f"it is {value}")
    claim(name != "cut by truncation" or (truth.config.truncation != "full" and value == 0), "nothing cuts there")


@STRIP(
    "A row of {T} cells, one per time step.",
    f"Measured by {{of:the last step|the largest step}} the gradient is {{middle:(?:{NAMED})|.+?}} at step {{half}} and "
    f"{{first:(?:{NAMED})|.+?}} at step 1; {{above}} of {{T}} steps get at least 1 %.",
    f"{{zeros:\\d[\\d,]* steps? (?:{NAMED})(?:, \\d[\\d,]* steps? (?:{NAMED}))*}}.",
)
def strip(truth: Truth, said: Said) -> None:
    T, flow = truth.config.task.length, np.asarray(truth.frame.flow, float)
    to, of = _reference(truth)
    if "zeros" in said.places:
        total = sum(int(count.replace(",", "")) for count in re.findall(r"(\d[\d,]*) steps? ", said["zeros"]))
        claim(total == int((~(np.isfinite(flow[1:]) & (flow[1:] >= TINY))).sum()), "how many are no ordinary numbers")
        return
    said.exactly("T", T)
    if "of" in said.places:
        claim(said["of"] == of, f"it is measured by {of}")
        said.exactly("half", (T + 1) // 2)
        _is(truth, said["middle"], (T + 1) // 2)
        _is(truth, said["first"], 1)
        with np.errstate(invalid="ignore"):
            said.exactly("above", int((np.isfinite(flow[1:]) & (flow[1:] >= max(TINY, 0.01 * to))).sum()))


@CURVE(
    f"Gradient size against time step on a log scale at training step {{step}}: {{last}} at the last step, "
    f"{{first:(?:{NAMED})|.+?}}{{share:| \\(.+?\\)}} at step 1 of {{T}}; "
    "{rate:no single factor per step fits|factor [^ ]+(?: × [^ ]+)? per step}, "
    "{reach:no horizon|the horizon is [\\d,]+ steps?}."
)
def curve(truth: Truth, said: Said) -> None:
    flow, (to, of) = np.asarray(truth.frame.flow, float), _reference(truth)
    said.exactly("step", truth.step)
    said.exactly("T", truth.config.task.length)
    said.near("last", flow[truth.loss_steps[-1]])
    if said["first"] in WORDS:
        _is(truth, said["first"], 1)
    else:
        said.near("first", flow[1])
    if said["share"]:
        share, _, by = said["share"].strip(" ()").partition(" of ")
        claim(near(share, flow[1] / to) and by == of, f"it is {flow[1] / to} of {of}")
    claim(("no single" in said["rate"]) == (truth.factor is None), "whether one factor fits")
    if truth.factor is not None:
        claim(near(said["rate"][7:-9], truth.factor), f"the factor is {truth.factor}")
    claim(("no" in said["reach"].split()) == (truth.reach is None), "whether there is a horizon")
    if truth.reach is not None:
        claim(said["reach"].split()[3].replace(",", "") == str(truth.reach), f"it is {truth.reach}")


@TRAINING(
    "Heatmap of gradient size, time step across, training step upwards to {steps}.",
    "Where the information enters, at step {first}, the gradient was {then:.+?} at training step {from}"
    "{more:| and .+? at training step [\\d,]+}.",
    "The last gradient is not {finite:finite}.",
)
def training(truth: Truth, said: Said) -> None:
    if "steps" in said.places:
        broke, planned = truth.broken(np.ones(len(truth.scalars["step"]), bool)), truth.config.steps
        said.exactly("steps", planned if broke is None else min(planned, max(10, int(1.4 * broke))))
    elif "finite" in said.places:
        flow = np.asarray(truth.more["recorded"][-1].flow, float)
        claim(not np.isfinite(flow).all(), "it is finite")
    else:
        frames, at = truth.more["recorded"], truth.config.task.entry.first
        said.exactly("first", at)
        texts = [(said["then"], said["from"])]
        claim(bool(said["more"]) == (len(frames) > 1), "how many are recorded")
        if said["more"]:
            then, _, step = said["more"].removeprefix(" and ").rpartition(" at training step ")
            texts.append((then, step))
        for (text, step), frame in zip(texts, (frames[0], frames[-1])):
            claim(int(step.replace(",", "")) == frame.step, f"it is of step {frame.step}")
            with np.errstate(all="ignore"):
                share = float(np.float64(frame.flow[at]) / np.float64(frame.flow[truth.loss_steps[-1]]))
            if text in WORDS:
                is_called(truth, text, float(frame.flow[at]))
            elif text == "nothing that its last step measures":
                claim(not np.isfinite(share), f"it is {share}")
            else:
                claim(near(text.removesuffix(" of its last step"), share), f"it is {share}")


@LOSS(
    "Loss over training: not measured yet at the end so far; {floors:.+?}.",
    "Loss over training: {now} at the end so far; {floors:.+?}.",
)
def loss(truth: Truth, said: Said) -> None:
    if "now" in said.places:
        said.near("now", float(of_all(truth, "loss")[-1]))
    floors = truth.config.task.floors()
    for value, label in floors:
        if len(floors) == 1:
            claim(near(said["floors"].split(" ")[-1], value), f"it is {value}")
        else:
            told = re.search(rf"“{re.escape(label)}” at (.+?)(?=, “|$)", said["floors"])
            claim(told and near(told[1], value), f"{label}: {value}")


@SCORE("Score over training: {now:not measured yet|.+?}; guessing gets {chance%}, solved from {solved%}.")
def score(truth: Truth, said: Said) -> None:
    known = of_all(truth, "score")[np.isfinite(of_all(truth, "score"))]
    claim((said["now"] == "not measured yet") == (not known.size), "whether it is measured")
    claim(not known.size or near(said["now"], float(known[-1])), "the last score is", known[-1:])
    said.near("chance", truth.config.task.chance)
    said.near("solved", truth.config.task.solved)


@NORMS(
    "Global gradient norm over training: {before} before and {after} after clipping at the last step.",
    "No {clipping:clipping}.",
    "Clipped {how:by norm|by value|inside backpropagation} at {theta}: {share%} of {steps} step{s:s?}.",
)
def norms(truth: Truth, said: Said) -> None:
    if "before" in said.places:
        said.near("before", float(of_all(truth, "grad_norm")[-1]))
        said.near("after", float(of_all(truth, "grad_norm_clipped")[-1]))
    elif "clipping" in said.places:
        claim(truth.config.clip == "none", "it clips")
    else:
        _rule(truth, said)
        said.near("share", float(ever_clipped(truth).mean()))
        said.exactly("steps", len(ever_clipped(truth)))


def _rule(truth: Truth, said: Said) -> None:
    kinds = {"norm": "by norm", "value": "by value", "backprop": "inside backpropagation"}
    claim(kinds.get(truth.config.clip) == said["how"], f"it clips {truth.config.clip}")
    said.near("theta", truth.config.clip_threshold)


@SHARE(
    "No {step:step} is clipped.",
    "Clipped {how:by norm|by value|inside backpropagation} at {theta}: {share%} of all steps so far, {first%} in the first "
    "interval and {last%} in the last.",
)
def share(truth: Truth, said: Said) -> None:
    cut = ever_clipped(truth)
    if "step" in said.places:
        claim(not cut.any(), "some are")
        return
    _rule(truth, said)
    said.near("share", float(cut.mean()))
    for name, own in (("first", cut[0]), ("last", cut[-1])):  # an interval of some steps holds its first and its last
        claim(said[name] != ("0 %" if own else "100 %"), f"{name} is {own}")


@ANGLE(
    "No {angle:angle} was recorded.",
    "Zero {zero:degrees} between raw and clipped gradient at every training step.",
    "Degrees between raw and clipped gradient: {mean} on average, at most {most} at training step {step}.",
)
def angle(truth: Truth, said: Said) -> None:
    known = of_all(truth, "clip_angle")[np.isfinite(of_all(truth, "clip_angle"))]
    if "mean" in said.places:
        said.near("mean", float(known.mean()))
        said.near("most", float(known.max()))
        claim(truth.at(said.whole("step"), "clip_angle") == known.max(), "when it is largest")
    elif "zero" in said.places:
        claim(known.size and known.max() <= 1e-3, "it turns")
    else:
        claim(not known.size, "there is one")


@UPDATE(
    "No {update:update} has been made yet.",
    "Norm of the update over training: {last} at last, at most {most} at training step {step}.",
)
def update(truth: Truth, said: Said) -> None:
    sizes = of_all(truth, "update_size")
    known = sizes[np.isfinite(sizes)]
    if "update" in said.places:
        claim(not known.size, "some have")
        return
    said.near("last", float(known[-1]))
    said.near("most", float(known.max()))
    claim(truth.at(said.whole("step"), "update_size") == known.max(), "when it is largest")


@UPDATE_HINT(
    "{how:scaled by the optimiser itself|lr × gradient|with momentum}{rate:|, lr grows over [\\d,]+ steps?|, lr falls along a "
    "cosine}"
)
def update_hint(truth: Truth, said: Said) -> None:
    config = truth.config
    claim(said["how"] == {"sgd": "lr × gradient", "momentum": "with momentum"}.get(config.optimizer,
          "scaled by the optimiser itself"), config.optimizer)  # fmt: skip
    kinds = {"warm-up": f", lr grows over {config.warmup_steps:,} step", "cosine": ", lr falls along a cosine"}
    claim(said["rate"].removesuffix("s") == kinds.get(config.lr_schedule, ""), config.lr_schedule)


@LOSS_HINT("of each {batch:batch}", "mean and range of the batches")
def loss_hint(truth: Truth, said: Said) -> None:
    claim("batch" in said.places or len(of_all(truth, "loss")) > 100, "every batch is drawn")


@SCORE_HINT("{name:.+?}, unseen sequences")
def score_hint(truth: Truth, said: Said) -> None:
    claim(said["name"] == truth.config.task.score_name, "what the score is")


@GATES_HINT("One sequence, every unit, at training step {step}; information enters at the marked steps.")
def gates_hint(truth: Truth, said: Said) -> None:
    said.exactly("step", truth.step)


@REACH(
    "needed: {need} step{s:s?} back, to step {to}.",
    "reached: {reached} step{s:s?} back, to step {to}.",
    "reached: nothing, at the last step the gradient is {kind:[^.]+}.",
    "left by truncation: {left} step{s:s?} back, to step {to}.",
    "with nothing cut: {free} step{s:s?} back on these weights.",
)
def reach(truth: Truth, said: Said) -> None:
    asked, places = truth.loss_steps[-1], said.places
    if "kind" in places:
        claim(truth.kind(0) in WORDS[said["kind"]], f"it is {truth.kind(0)}")
        return
    if "free" in places:
        phi = truth.answers["truncation"].arrays["phi"]
        free = max(lag for lag in range(len(phi)) if phi[lag] >= 0.01 * phi[0]) if phi[0] > 0 else 0
        said.exactly("free", min(free, asked - 1))
        return
    name = next(name for name in ("need", "reached", "left") if name in places)
    cut = truth.cut
    steps = {"need": truth.lag, "reached": horizon(truth), "left": None if cut is None else cut - 1}[name]
    claim(steps is not None, "nothing is cut")
    said.exactly(name, steps or 0)
    said.exactly("to", asked - (steps or 0))


@GATES(
    "Heatmaps, unit by time step, of {H} unit{s:s?} at training step {step}: {parts:.+?}.",
    "In this sequence: {seen:.+?}.",
)
def gates(truth: Truth, said: Said) -> None:
    if "seen" in said.places:
        return
    said.exactly("H", truth.config.cell.hidden_size)
    planes = truth.more["planes"]
    for part in said["parts"].split("; "):
        title, _, told = part.partition(" mean ")
        values = planes(title.split(" = ")[0].split(" ")[-1])
        if told.startswith("size "):
            claim(near(told.removeprefix("size "), float(np.abs(values).mean())), title, np.abs(values).mean())
        else:
            mean, wide, shut = (
                told.replace(" of it above 0.9", "").replace(" below 0.1", "").replace(" and ", ", ").split(", ")
            )
            for text, true in ((mean, values.mean()), (wide, (values > 0.9).mean()), (shut, (values < 0.1).mean())):
                claim(near(text, float(true)), title, text, "is", true)
