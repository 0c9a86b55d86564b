"""What the captions of the pages say beside what they share."""

from __future__ import annotations

import numpy as np

from tests.audit.reading import Facts, Rules, Said, claim
from tests.audit.shared import SHARED
from tests.audit.truth import Truth

FLOW, MEMORY, INSIDE, MICROSCOPE = Rules(SHARED), Rules(SHARED), Rules(SHARED), Rules(SHARED)
BACK = "{lag} step{s:s?} back"


def in_sight(truth: Truth) -> tuple[bool, bool]:
    """Whether the first information that the last loss needs is in sight: at its worst place, and at its best."""
    K, T, entry = truth.config.truncation_length, truth.config.task.length, truth.config.task.entry
    first = 1 if truth.config.truncation == "full" else T - K + 1
    return first <= T - truth.lag, first <= max(entry.last, T - truth.lag)


# -- Gradient flow ----------------------------------------------------------------------------------------------------


@FLOW("At the {mark:“.*”} mark, {share%} of the gradient is left.")
def left(truth: Truth, said: Said) -> Facts:
    said.near("share", truth.arriving)
    claim(truth.config.task.entry.quoted == said["mark"] and not truth.reaches and truth.way == "fades", "it is not so")
    return {"arriving": truth.arriving, "reaches": False}


@FLOW(
    "Torch's default initialisation does not open the forget gate; chrono initialisation or a larger forget bias does."
)
def not_opened(truth: Truth, said: Said) -> None:
    cell = truth.config.cell
    claim("forget_bias" in type(cell).model_fields and cell.init == "default", "it is another initialisation")
    claim(getattr(cell, "forget_bias", 0) is None and truth.untrained, "its bias is set, or learnt")


ZERO = "Beyond that {of:the gradient|the last loss's gradient} is exactly zero"


@FLOW(
    ZERO + ", and the state is set to zero there too: the net knows nothing of earlier inputs.",
    ZERO + "; what the net still knows of earlier inputs are {echo:echoes} in its state.",
    ZERO + "; {mark:“.*”} is in sight of some losses, in some sequences.",
)
def beyond_the_cut(truth: Truth, said: Said) -> Facts:
    claim((truth.phi[truth.cut :] == 0).all(), "it is not zero")
    claim((said["of"] == "the gradient") != truth.many, "whose gradient")
    claim("mark" in said.places or ("echo" in said.places) == (truth.config.truncation != "reset"), "the state")
    claim("mark" not in said.places or said["mark"] == truth.config.task.entry.quoted, "the mark")
    return {"way": "cut"}


@FLOW("Losses are taken at many steps; this is of the last one alone.")
def at_many_steps(truth: Truth, said: Said) -> None:
    claim(truth.many, "there is one loss")


@FLOW(
    "Under batch norm the loss of one sequence depends on all of its batch: shown is the gradient of the batch's mean loss "
    "by one sequence's state, times their number."
)
def coupled(truth: Truth, said: Said) -> None:
    claim(truth.config.cell.normalisation == "batch", "each sequence stands alone")


# -- Inside the cell --------------------------------------------------------------------------------------------------

CELL = "nside {layer:layer \\d of |}the {untrained:untrained |}{cell:.+?}"


def cells(truth: Truth, said: Said) -> None:
    claim((said["untrained"] == "untrained ") == truth.untrained, "whether it is trained")
    claim(said["cell"] == truth.config.cell.title, "the cell's name")
    of_one_layer(truth, said["layer"].removesuffix(" of "))


def of_one_layer(truth: Truth, named: str) -> None:
    """Of several layers it is the top one that is spoken of, as long as nobody asks for another."""
    layers = truth.config.cell.layers
    claim(not named or (layers > 1 and named == f"layer {layers}"), f"which of {layers} layers")


@INSIDE("No gradient goes anywhere.")
def nowhere(truth: Truth, said: Said) -> None:
    claim(truth.broke is not None, "it does")


@INSIDE(
    "I" + CELL + " no gradient arrives " + BACK + ", where the first information enters{why::[^.]*| that is a number}."
)
def none_arrives(truth: Truth, said: Said) -> Facts:
    cells(truth, said)
    said.exactly("lag", truth.lag)
    why = {": dead or saturated units stop it": "zero", ": it falls below the float32 floor": "small",
           ": the loss sends none": "silent", " that is a number": "broken"}  # fmt: skip
    claim(truth.way == why[said["why"]], f"the gradient's way is: {truth.way}")
    return {"way": truth.way, "needed": truth.lag}


@INSIDE("I" + CELL + " truncation cuts the gradient before it is " + BACK + ", where the first information enters.")
def inside_cut(truth: Truth, said: Said) -> Facts:
    cells(truth, said)
    said.exactly("lag", truth.lag)
    claim(truth.way == "cut", f"the gradient's way is: {truth.way}")
    return {"way": "cut", "needed": truth.lag}


@INSIDE(
    "I" + CELL + " there is {one:one} way back, through φ and U: {share%} of the gradient arrives " + BACK + ".",
    "I"
    + CELL
    + " each layer has one way back through time, through φ and U: {share%} of the gradient arrives "
    + BACK
    + ".",
    "Of the gradient i" + CELL + ", {share%} arrives " + BACK + ".",
)
def inside_arrives(truth: Truth, said: Said) -> Facts:
    cells(truth, said)
    said.exactly("lag", truth.lag)
    said.near("share", truth.arriving)
    claim("one" not in said.places or truth.config.cell.layers == 1, "there are as many as layers")
    return {"arriving": truth.arriving, "needed": truth.lag}


def direct_share(truth: Truth) -> tuple[int, float]:
    """(lag, share along the gradient) of the way past the gates, as far back as the task needs or any gradient is."""
    found, direct = truth.answers["paths"], truth.config.cell.direct_path
    assert direct is not None
    flow, last = found.arrays["flow"], len(found.arrays["flow"]) - 1
    lag = next(lag for lag in range(truth.lag, 0, -1) if np.isfinite(flow[last - lag]) and flow[last - lag] > 0)
    return lag, float(found.arrays[f"part.{direct.name}"][last - lag] / flow[last - lag])


ARRIVES = "arrives " + BACK


@INSIDE(
    "I" + CELL + ", the {path:carousel|leak} alone brings {share} times what " + ARRIVES + ": the gates take from it.",
    "I"
    + CELL
    + ", the {path:carousel|leak} works against the gradient that "
    + ARRIVES
    + ": the {against:gates} bring it.",
    "I" + CELL + ", {share:all|[\\d.]+ %} of the gradient that " + ARRIVES + " came down the {path:carousel|leak}.",
    "I" + CELL + ", {gates:all|[\\d.]+ %} of the gradient that " + ARRIVES + " came through the gates.",
)
def travels(truth: Truth, said: Said) -> Facts:
    cells(truth, said)
    claim(bool(said["layer"]) == (truth.config.cell.layers > 1), "which layer")
    lag, share = direct_share(truth)
    said.exactly("lag", lag)
    places = said.places
    if "against" in places:
        claim(share < 0, f"its share is {share}")
    elif "gates" in places:
        claim(share < 0.5 and (share <= 0 if said["gates"] == "all" else True), f"its share is {share}")
        if said["gates"] != "all":
            said.near("gates", 1 - share)
    elif said["share"] == "all":
        claim(1 < share <= 1.05, f"its share is {share}")
    else:
        said.near("share", share)
    return {"down the direct path": share}


@INSIDE(
    "Every part is exact: together they are the gradient of the {last:last |}loss{at: at layer \\d|}"
    "{where: in \\d+ of the \\d+ sequences|}{clamp: before the clamp|}"
    "{held:, with the statistics of the batch held|}."
)
def together(truth: Truth, said: Said) -> None:
    found = truth.answers["paths"]
    claim((said["last"] == "last ") == truth.many, "whose gradient")
    claim(bool(said["at"]) == (truth.config.cell.layers > 1), "which layer")
    of_one_layer(truth, said["at"].removeprefix(" at "))
    some, of = found.meta["sequences"], found.meta["of"]
    claim(said["where"] == ("" if some == of else f" in {some} of the {of} sequences"), f"{some} of {of}")
    claim(bool(said["clamp"]) == (truth.config.clip == "backprop"), "the clamp")
    claim(bool(said["held"]) == (truth.config.cell.normalisation == "batch"), "the statistics")
    claim(found.meta["error"] < 1e-4, f"they differ by {found.meta['error']}")


@INSIDE("It has no gates: what φ lets through, and what U makes of it, is all there is{each: in each layer|}.")
def no_gates(truth: Truth, said: Said) -> None:
    claim(not truth.config.cell.gates, "it has")
    claim(bool(said["each"]) == (truth.config.cell.layers > 1), "in how many layers")


@INSIDE("Its {gate:[\\w ]+} is always open, so the cell forgets nothing.")
def always_open(truth: Truth, said: Said) -> None:
    found = truth.answers["gates"]
    claim(found.arrays[f"{found.meta['keeps']}.mean"][-1] == 1, "it is not")


@INSIDE(
    "{some} of {all} unit{s:s?}{of: of layer \\d|} keep{s2:s?} 37 % or more of what they hold over the {lag} step{s3:s?} that the task needs."
)
def units_keep(truth: Truth, said: Said) -> Facts:
    factor = truth.answers["gates"].arrays["kept.factor"]
    of_one_layer(truth, said["of"].removeprefix(" of "))
    said.exactly("lag", truth.lag)
    said.exactly("all", len(factor))
    left = factor.astype(float) ** truth.lag
    least, most = (int((left >= level).sum()) for level in (np.exp(-1) * 1.0001, np.exp(-1) * 0.9999))
    claim(least <= said.whole("some") <= most, f"{least} do")
    return {"needed": truth.lag}


# -- Memory -----------------------------------------------------------------------------------------------------------

WHO = "{who:the untrained network|the network of training step [\\d,]+}"
START = "{who:The untrained network|The network of training step [\\d,]+}"


def network(truth: Truth, said: Said) -> None:
    who = "the untrained network" if truth.untrained else f"the network of training step {truth.step:,}"
    claim(said["who"].lower() == who, "whose memory")


def read(truth: Truth) -> tuple[float, float, float, float]:
    """(now, untrained, chance, best now) of how well the last answer can be read."""
    found = truth.answers["fading"]
    now = found.arrays["now.answer"]
    return (
        float(now[-1]),
        float(found.arrays["start.answer"][-1]),
        float(found.meta["chance"]),
        float(np.nanmax(now)) if np.isfinite(now).any() else np.nan,
    )


def gain(truth: Truth) -> float:
    now, _, chance, _ = read(truth)
    return (now - chance) / max(1 - chance, 1e-9)


@MEMORY("How much does " + WHO + " still know at step {T} of what it saw?", "It is being measured.")
def being_measured(truth: Truth, said: Said) -> None:
    claim("fading" not in truth.answers, "it is measured")
    if said.places:
        network(truth, said)
        said.exactly("T", truth.config.task.length)


@MEMORY("The states of " + WHO + " are not finite: nothing can be read from them.")
def nothing_to_read(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    claim(not np.isfinite(read(truth)[0]), "they are finite")
    return {"holds": "unknown"}


@MEMORY("At step {T} the answer is in the state: " + WHO + " holds what it is asked for.")
def holds(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    claim(gain(truth) >= 0.9, f"{gain(truth):.2f} of what can be gained is there")
    return {"holds": "all"}


@MEMORY(
    "At step {T} part of the answer is in the state of " + WHO + ": a readout explains {share%} of it.",
    "At step {T} part of the answer is in the state of " + WHO + ": a readout finds it in {share%} of the sequences.",
)
def holds_part(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    claim(0.1 < gain(truth) < 0.9, f"{gain(truth):.2f} of what can be gained is there")
    said.near("share", read(truth)[0])
    return {"holds": "part"}


@MEMORY(START + " takes the answer in at step {best}; by step {T} it is lost.")
def has_lost(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    _, _, chance, best = read(truth)
    claim(gain(truth) <= 0.1 and best - chance >= 0.3 * (1 - chance), "it is not lost")
    return {"holds": "lost"}


@MEMORY("Next to nothing of the answer is in the last state of " + WHO + ".")
def holds_none(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    claim(gain(truth) <= 0.1, f"{gain(truth):.2f} of what can be gained is there")
    return {"holds": "none"}


@MEMORY(
    "Readouts are fitted to the states on half of some fresh sequences, and judged on the other half.",
    "Of its newest input as such it holds next to nothing.",
    "Inputs are kept over all the steps that were measured.",
    "Any one input fades: half of it is gone {half} step{s:s?} back{rest:, and [\\d,]+ steps? back before training|}.",
)
def inputs(truth: Truth, said: Said) -> Facts:
    if "half" not in said.places:
        return {}
    found = truth.answers["fading"].arrays
    symbols = truth.answers["fading"].meta["symbols"]
    now = found["now.decoded"] - found["guessed"] if symbols else found["now.r2"]
    lags = found["lag"]
    half = said.whole("half")
    at = int(np.flatnonzero(lags == half)[0])
    claim(now[at] < now[0] / 2 and (now[:at] >= now[0] / 2).all(), "half of it is gone elsewhere")
    return {"half of an input": half}


@MEMORY("Nothing is learned yet: what is found here is the echo in a random recurrence.")
def echo(truth: Truth, said: Said) -> None:
    claim(truth.untrained, "it is trained")


@MEMORY(
    "What the task asks for was learned, and is kept{part: in part|}.",
    "The untrained network holds about as {same:much} of the answer.",
    "The untrained network holds {more:more} of the answer: training has lost some of what echoed in it.",
)
def against(truth: Truth, said: Said) -> Facts:
    now, start, chance, _ = read(truth)
    apart = (now - start) / max(1 - chance, 1e-9)
    kind = "same" if "same" in said.places else "less" if "more" in said.places else "more"
    claim(kind == ("more" if apart > 0.1 else "less" if apart < -0.1 else "same"), f"they differ by {apart:.2f}")
    claim("part" not in said.places or bool(said["part"]) == (gain(truth) < 0.9), "how much is kept")
    return {"against the untrained": kind}


# -- Microscope -------------------------------------------------------------------------------------------------------


@MICROSCOPE(
    "{who:The untrained network's|Training step [\\d,]+: a} loss of {loss} becomes a gradient of {norm}"
    "{rest:, and the update moves the weights by (?P<size>[^ ]+(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)|}."
)
def one_step(truth: Truth, said: Said) -> None:
    claim(said["who"] == ("The untrained network's" if truth.untrained else f"Training step {truth.step:,}: a"), "when")
    said.near("loss", truth.frame.loss)
    said.near("norm", truth.frame.grad_norm)
    if said["rest"]:
        said.near("size", truth.frame.update_size)


@MICROSCOPE(
    "There is none at the last step: its loss sends none.",
    "Back in time {whose:the last loss's gradient|the gradient} stops being a number {broken} step{s:s?} back.",
    "Nothing of {whose:the last loss's gradient|the gradient} arrives " + BACK + ", {why:[^.]*}.",
    "{share%} of {whose:the last loss's gradient|the gradient} arrives " + BACK + ", where it is needed.",
)
def one_steps_way(truth: Truth, said: Said) -> Facts:
    claim("whose" not in said.places or (said["whose"] == "the last loss's gradient") == truth.many, "whose gradient")
    if "lag" in said.places:
        said.exactly("lag", truth.lag)
    if "share" in said.places:
        said.near("share", truth.arriving)
        return {"arriving": truth.arriving}
    whys = {"where truncation has cut it": "cut", "behind dead or saturated units": "zero",
            "where it is below the float32 floor": "small"}  # fmt: skip
    way = whys[said["why"]] if "why" in said.places else "broken" if "broken" in said.places else "silent"
    claim(truth.way == way, f"the gradient's way is: {truth.way}")
    return {"way": way}


@MICROSCOPE(
    "Every number is measured in this network, and every gradient can be checked below by an independent method."
)
def can_be_checked(truth: Truth, said: Said) -> None:
    claim(truth.broke is None, "nothing can be checked")
