"""Sentences that several pages say: of the gradient's way, the score, the forecast, and of a run that broke."""

from __future__ import annotations

import math

import numpy as np

from core.forecasts.features import key_of, known
from core.forecasts.optimum import best_within, out_of_reach
from core.forecasts.stored import stored
from core.forecasts.table import looked_up
from core.reading.horizon import horizon_of
from tests.audit.reading import Facts, Rules, Said, claim
from tests.audit.truth import Truth

SHARED = Rules()
WORDS = {
    "cut by truncation": ("cut",),
    "below the float32 floor": ("small",),
    "zero behind dead or saturated units": ("zero",),
    "zero, since no loss sends any": ("silent",),
    "overflowed": ("inf",),
    "not a number": ("nan",),
}
"""The names of what is no ordinary number, as every page writes them."""
KIND = "{kind:" + "|".join(WORDS) + "}"


def named(truth: Truth, said: Said, lag: int) -> None:
    claim(truth.kind(lag) in WORDS[said["kind"]], f"at lag {lag} the gradient is {truth.kind(lag)}")


def whose(truth: Truth, said: Said) -> None:
    """'The untrained RNN's gradient' is of an untrained RNN."""
    claim((said["untrained"] == "untrained ") == truth.untrained, "whether it is trained")
    claim(said["cell"] == truth.config.cell.word, "the cell's name")


# -- the way back -----------------------------------------------------------------------------------------------------

GRADIENT = "The {untrained:untrained |}{cell:\\w[\\w ]*}'s gradient "
RATE = "{rate:halves every|loses|grows by} {amount%}{unit: steps| with every step back}"


def paced(truth: Truth, said: Said) -> None:
    """A rate is the fitted one, written as a half-life or as a loss or gain per step."""
    beta = truth.factor
    claim(beta is not None, "no single factor fits")
    assert beta is not None
    rate = said["rate"]
    if rate == "halves every":
        claim(beta < 1, "it does not fade")
        said.near("amount", math.log(2) / -math.log(beta))
    else:
        said.near("amount", 1 - beta if rate == "loses" else beta - 1)


def tells(truth: Truth, share: float) -> None:
    claim(
        truth.arriving / 2 <= share <= 2 * truth.arriving,
        f"{share:.3g} is not about {truth.arriving:.3g}, which arrives",
    )


@SHARED(f"{GRADIENT}{RATE}.")
def at_a_rate(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    paced(truth, said)
    way = "grows" if said["rate"] == "grows by" else "fades"
    claim(truth.way == way, f"the gradient's way is: {truth.way}")
    tells(truth, (truth.factor or 0) ** truth.lag)
    return {"way": way}


@SHARED(f"{GRADIENT}drops to {{first%}} in one step, then {RATE}.")
def after_a_drop(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    paced(truth, said)
    said.near("first", truth.share(1))
    claim(truth.way == "fades" and truth.share(1) <= 0.5, "there is no drop")
    tells(truth, truth.share(1) * (truth.factor or 0) ** (truth.lag - 1))
    return {"way": "fades", "first step": truth.share(1)}


@SHARED(f"{GRADIENT}drops to {{first%}} in one step, then goes × {{factor}} per step.")
def kept_after_a_drop(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    said.near("first", truth.share(1))
    said.near("factor", truth.factor or math.nan)
    claim(truth.way == "fades" and truth.share(1) <= 0.5, "there is no drop")
    tells(truth, truth.share(1) * (truth.factor or 0) ** (truth.lag - 1))
    return {"way": "fades"}


@SHARED(f"{GRADIENT}is kept: × {{factor}} per step.")
def kept(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    said.near("factor", truth.factor or math.nan)
    claim(truth.way == "kept" and 0.4999 < (truth.factor or 0) ** truth.lag < 2.0001, "it is not kept")
    return {"way": "kept"}


@SHARED(f"{GRADIENT}{{way:fades|grows}} unevenly.", f"{GRADIENT}is {{way:kept}}, though not evenly.")
def unevenly(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    claim(truth.way == said["way"], f"the gradient's way is: {truth.way}")
    return {"way": said["way"]}


@SHARED(f"{GRADIENT}is zero at the last step already: its loss sends none.")
def silent(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    claim(truth.kind(0) == "silent", "the last step has a gradient")
    return {"way": "silent"}


@SHARED(
    f"{GRADIENT}{{how:overflows|is not a number}} {{back}} step{{s:s?}} back.",
    f"{GRADIENT}is {{how:below the float32 floor}} {{back}} step{{s:s?}} back.",
    f"{GRADIENT}is stopped {{back}} step{{s:s?}} back, by {{how:dead or saturated units}}.",
)
def lost(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    kinds = {"overflows": "inf", "is not a number": "nan", "below the float32 floor": "small",
             "dead or saturated units": "zero"}  # fmt: skip
    back, kind = said.whole("back"), kinds[said["how"]]
    first = next((k for k in range(truth.lag + 1) if truth.kind(k) in ("inf", "nan")), truth.odd)
    claim(first == back and truth.kind(back) == kind, f"lost at {first}: {truth.kind(back)}")
    return {"way": truth.way}


@SHARED(f"{GRADIENT}{{how:overflows|is not a number|is below the float32 floor}} at the last step already.")
def lost_at_once(truth: Truth, said: Said) -> Facts:
    whose(truth, said)
    kinds = {"overflows": "inf", "is not a number": "nan", "is below the float32 floor": "small"}
    claim(truth.kind(0) == kinds[said["how"]], f"at the last step it is {truth.kind(0)}")
    return {"way": truth.way}


@SHARED("Truncation lets the gradient {back} step{s:s?} back.")
def cut(truth: Truth, said: Said) -> Facts:
    claim(truth.cut is not None and truth.cut <= truth.lag, "nothing that is needed is cut")
    said.exactly("back", (truth.cut or 0) - 1)
    return {"way": "cut", "truncation lets": (truth.cut or 0) - 1}


@SHARED("Truncation lets no gradient back.")
def cut_at_once(truth: Truth, said: Said) -> Facts:
    claim(truth.cut == 1 <= truth.lag, "it lets some back")
    return {"way": "cut", "truncation lets": 0}


@SHARED("The task needs {need}.")
def needs(truth: Truth, said: Said) -> Facts:
    said.exactly("need", truth.lag)
    return {"needed": truth.lag, "reaches": False}


@SHARED("The task needs {need} step{s:s?}; it reaches {reach}.")
def falls_short(truth: Truth, said: Said) -> Facts:
    said.exactly("need", truth.lag)
    said.exactly("reach", -1 if truth.reach is None else truth.reach)
    claim(not truth.reaches, "it reaches them all")
    return {"needed": truth.lag, "horizon": truth.reach, "reaches": False}


@SHARED("{lag} step{s:s?} back {what:it|the gradient} is {share%} as large.")
def larger(truth: Truth, said: Said) -> Facts:
    said.exactly("lag", truth.lag)
    said.near("share", truth.arriving)
    claim(truth.way == "grows", "it is no larger")
    return {"needed": truth.lag, "arriving": truth.arriving, "way": "grows"}


@SHARED("{share%} of {what:it|the gradient} arrives where the task needs it, {lag} step{s:s?} back.")
def arrives(truth: Truth, said: Said) -> Facts:
    said.exactly("lag", truth.lag)
    said.near("share", truth.arriving)
    claim(truth.reaches, "it is not within the horizon")
    return {"needed": truth.lag, "arriving": truth.arriving, "reaches": True}


# -- score and outcome ------------------------------------------------------------------------------------------------

SCORE = "{name:Score|Accuracy|Share of the learnable nats gained|Share of guessing's loss saved} on unseen sequences, "


@SHARED(SCORE + "{when:untrained|at training step [\\d,]+}: {score%} (guessing gets {chance%}).")
def score(truth: Truth, said: Said) -> Facts:
    step = truth.frame.score_step
    claim(said["when"] == ("untrained" if step == 0 else f"at training step {step:,}"), f"scored at step {step}")
    claim(step <= truth.step, "a later score")
    said.near("score", truth.at(step, "score"))
    said.near("chance", truth.config.task.chance)
    return {"score": truth.frame.score, "guessing": truth.config.task.chance}


@SHARED("No score is measured yet.")
def no_score(truth: Truth, said: Said) -> None:
    claim(not np.isfinite(truth.frame.score), "there is one")


@SHARED("Solved at training step {step}.")
def solved(truth: Truth, said: Said) -> Facts:
    said.exactly("step", -1 if truth.reached(truth.step) is None else truth.reached(truth.step) or 0)
    claim(truth.holds(truth.step), "it is not solved here")
    return {"reached at": truth.reached()}


@SHARED(
    "It goes on to solve the task at training step {step}.",
    "It goes on to reach the solved line, for a {while:while}, at training step {step}.",
)
def solves_later(truth: Truth, said: Said) -> Facts:
    said.exactly("step", -1 if truth.reached() is None else truth.reached() or 0)
    claim((truth.reached() or 0) > truth.step, "that is not later")
    claim(truth.holds() == ("while" not in said.places), "whether it holds")
    return {"reached at": truth.reached(), "solved at the end": truth.holds()}


@SHARED("It had reached the solved line at training step {step}; here it is below.")
def fallen_back(truth: Truth, said: Said) -> Facts:
    said.exactly("step", -1 if truth.reached(truth.step) is None else truth.reached(truth.step) or 0)
    claim(not truth.holds(truth.step), "it is not below")
    return {"reached at": truth.reached()}


@SHARED("Nothing is trained yet.")
def nothing_trained(truth: Truth, said: Said) -> None:
    claim(truth.untrained, "it is trained")


@SHARED("Of {n} networks like this that we trained, {solved:none|[\\d,]+} ended with the task solved.")
def counted(truth: Truth, said: Said) -> Facts:
    start = horizon_of(truth.start.flow_last, cuts=truth.config.cuts)
    count = looked_up(stored().counts, key_of(known(truth.config, start)))[1]
    said.exactly("n", count.n)
    claim(said["solved"] == (f"{count.solved:,}" if count.solved else "none"), f"{count.solved} did")
    claim(not out_of_reach(truth.config), "none can")
    claim(truth.config.task.name in stored().choices["task.name"], "none of them had this task")
    return {"certain": False}


@SHARED("How often this task is solved was not counted: none of the {runs} networks that were had it.")
def not_counted(truth: Truth, said: Said) -> Facts:
    said.exactly("runs", stored().runs)
    claim(truth.config.task.name not in stored().choices["task.name"], "some had it")
    claim(not out_of_reach(truth.config), "none can")
    return {"certain": False}


def takes_up(truth: Truth, said: Said) -> None:
    """'This one did' takes up what others did: where some were counted."""
    counted = truth.config.task.name in stored().choices["task.name"] and not out_of_reach(truth.config)
    claim(("solve" not in said["did"]) == counted, "whether others were counted")


@SHARED(
    "Out of reach of any network: every window starts from a state of zero, and the best answers from what lies "
    "within score {best%}, where {solved%} count as solved."
)
def out_of_any_reach(truth: Truth, said: Said) -> Facts:
    claim(out_of_reach(truth.config) and truth.config.truncation == "reset", "it is not")
    said.near("best", best_within(truth.config).score)
    said.near("solved", truth.config.task.solved)
    return {"certain": True}


@SHARED("None of them had {what:[^.]+}.")
def outside(truth: Truth, said: Said) -> None:
    config = truth.config
    for value, unit, low, high in ((config.task.length, "steps", 10, 100), (config.cell.hidden_size, "units", 4, 64),
                                   (config.steps, "training steps", 100, 2000)):  # fmt: skip
        for word, limit, is_so in (("fewer", low, value < low), ("more", high, value > high)):
            told = f"{word} than {limit:,} {unit}"
            told = f"sequences of {told}" if unit == "steps" else told
            claim((told in said["what"]) == is_so, told, "of", value)


@SHARED("This one {did:did|solved it}: it reached the solved line at step {step}.")
def this_one_did(truth: Truth, said: Said) -> Facts:
    takes_up(truth, said)
    said.exactly("step", -1 if truth.reached() is None else truth.reached() or 0)
    claim(truth.over and truth.holds(), "it is not solved, or not known to be")
    return {"reached at": truth.reached(), "solved at the end": True}


@SHARED("This one {did:did not|did not solve it}: the solved line, reached at step {step}, was lost again.")
def this_one_lost_it(truth: Truth, said: Said) -> Facts:
    takes_up(truth, said)
    said.exactly("step", -1 if truth.reached() is None else truth.reached() or 0)
    claim(truth.over and not truth.holds(), "it is solved, or not known not to be")
    return {"reached at": truth.reached(), "solved at the end": False}


@SHARED("This one {did:did not|did not solve it}.")
def this_one_did_not(truth: Truth, said: Said) -> Facts:
    takes_up(truth, said)
    claim(truth.over and truth.reached() is None and truth.last >= truth.config.steps, "that is not known")
    return {"reached at": None, "solved at the end": False}


@SHARED("This one ended early, at step {step}.")
def this_one_ended_early(truth: Truth, said: Said) -> Facts:
    said.exactly("step", truth.last)
    claim(truth.over and truth.last < truth.config.steps and truth.reached() is None, "it did not")
    return {"reached at": None, "solved at the end": False}


# -- broken -----------------------------------------------------------------------------------------------------------

WHAT = "{what:weights|loss|gradient}"
HOW = "{how:overflowed|stopped being a number|stopped being numbers}"


@SHARED(f"The {WHAT} {HOW} at training step {{step}}.")
def broke(truth: Truth, said: Said) -> Facts:
    claim(truth.broke is not None, "it did not break")
    said.exactly("step", truth.broke or 0)
    names = {"weights": "param_norm", "loss": "loss", "gradient": "grad_norm"}
    value = truth.at(truth.broke or 0, names[said["what"]])
    claim(np.isinf(value) if said["how"] == "overflowed" else np.isnan(value), f"it is {value}")
    earlier = list(names)[: list(names).index(said["what"])]
    claim(all(np.isfinite(truth.at(truth.broke or 0, names[name])) for name in earlier), "its cause is not named")
    return {"broke at": truth.broke}


@SHARED("The weights of that step are finite.")
def finite_weights(truth: Truth, said: Said) -> None:
    claim(np.isfinite(truth.at(truth.broke or 0, "param_norm")), "they are not")


@SHARED("In the step before, the gradient had a norm of {norm}.")
def norm_before(truth: Truth, said: Said) -> None:
    said.near("norm", truth.at((truth.broke or 0) - 1, "grad_norm"))


@SHARED("No update was made before: try another initialisation, or a shorter sequence.")
def broke_at_once(truth: Truth, said: Said) -> None:
    claim(truth.broke == 0, "updates were made")


@SHARED(
    "Try clipping by norm, or a smaller learning rate.",
    "Try a smaller learning rate, or a lower clip {what:threshold}.",
)
def way_out(truth: Truth, said: Said) -> None:
    claim(
        truth.broke and ("what" in said.places) == (truth.config.clip != "none"), "that is not what the settings leave"
    )
