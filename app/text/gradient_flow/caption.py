"""The caption over the board: what is true at the shown moment, in measured numbers. Pure functions.

Of the future it says what was counted on networks like this one, before training; afterwards what became of this one.
"""

from __future__ import annotations

from app.text.shared.broken import broken_caption
from app.text.shared.forecast import forecast_words
from app.text.shared.key_figures import key_figures
from app.text.shared.score import score_words
from app.text.shared.situation import KEPT, Caption, Situation, keeps
from core.need import surely
from core.numbers import fixed, percent, plural, portion, sig
from core.reach import shares_in_sight
from core.reading.horizon import KIND_NAMES, OVERFLOW


def caption(moment: Situation) -> Caption:
    """The words and key figures for ``moment``."""
    if moment.broke is not None:
        return broken_caption(moment, moment.broke)
    subline = " ".join(
        part for part in (_outlook(moment), _reason(moment), _every_step(moment), _coupled(moment)) if part
    )
    return Caption(_headline(moment), subline, key_figures(moment))


def _coupled(moment: Situation) -> str:
    """What the gradient of one sequence is where a batch is normalised."""
    if moment.config.cell.normalisation != "batch":
        return ""
    return (
        "Under batch norm the loss of one sequence depends on all of its batch: shown is the gradient of the batch's "
        "mean loss by one sequence's state, times their number."
    )


def _headline(moment: Situation) -> str:
    if moment.outcome.solved is not None and not moment.untrained:
        solved = f"Solved at training step {moment.outcome.solved:,}."
        return f"{solved} {_arrival(moment, 'the gradient') if moment.reaches else way_words(moment)}"
    return f"{way_words(moment)} {_need(moment)}".rstrip()


def way_words(moment: Situation) -> str:
    """How the gradient goes back, in one sentence: decided by what arrives, with the pace of the fitted steps."""
    name = f"The {'untrained ' if moment.untrained else ''}{moment.config.cell.word}'s gradient"
    back = plural(moment.lost_at, "step")
    way, horizon = moment.way, moment.horizon
    if way == "silent":
        return f"{name} is zero at the last step already: its loss sends none."
    if way == "broken":
        how = "overflows" if horizon.kinds[moment.lost_at] == OVERFLOW else "is not a number"
        return f"{name} {how} {back} back." if moment.lost_at else f"{name} {how} at the last step already."
    if way == "cut":
        reach = moment.config.truncation_length - 1
        return (
            f"Truncation lets the gradient {plural(reach, 'step')} back."
            if reach
            else "Truncation lets no gradient back."
        )
    if way == "dead":
        return f"{name} is stopped {back} back, by dead or saturated units."
    if way == "gone":
        return (
            f"{name} is below the float32 floor {back} back."
            if moment.lost_at
            else f"{name} is {KIND_NAMES[horizon.source]} at the last step already."
        )
    return f"{name} {_pace(moment)}"


def _pace(moment: Situation) -> str:
    """'halves every 3.1 steps.', where the factor of the fitted steps tells what arrives, be it after a first drop."""
    beta = moment.horizon.factor
    uneven = "is kept, though not evenly." if moment.way == "kept" else f"{moment.way} unevenly."
    if beta is None:
        return uneven
    whole = beta**moment.lag
    steady = keeps(whole)
    if _tells(moment, whole):
        same = moment.way == ("kept" if steady else "grows" if beta > 1 else "fades")
        return uneven if not same else f"is kept: × {fixed(beta)} per step." if steady else f"{_rate(moment)}."
    first = moment.horizon.share(1)
    if moment.way == "fades" and first <= 1 / KEPT and _tells(moment, first * beta ** (moment.lag - 1)):
        then = f"goes × {fixed(beta)} per step" if steady else _rate(moment)
        return f"drops to {portion(first)} in one step, then {then}."
    return uneven


def _tells(moment: Situation, share: float) -> bool:
    """Whether ``share`` is about what arrives."""
    return moment.arriving / KEPT < share < moment.arriving * KEPT


def _rate(moment: Situation) -> str:
    beta, half = moment.horizon.factor or 1.0, moment.horizon.half_life
    if beta > 1:
        return f"grows by {percent(beta - 1)} with every step back"
    if half is not None and half >= 1.5:
        return f"halves every {sig(half)} steps"
    return f"loses {percent(1 - beta)} with every step back"


def _need(moment: Situation) -> str:
    """What the task needs against what there is, in one sentence."""
    lag, reach = moment.lag, moment.horizon.reach
    if moment.way in ("silent", "broken") or reach is None:
        return ""
    if moment.way == "cut":
        return f"The task {surely(moment.config.task, 'needs')} {lag:,}."
    if not moment.reaches:
        return f"The task {surely(moment.config.task, 'needs')} {plural(lag, 'step')}; it reaches {reach:,}."
    return _arrival(moment, "it")


def _arrival(moment: Situation, what: str) -> str:
    if moment.way == "grows":
        return f"{plural(moment.lag, 'step')} back {what} is {portion(moment.arriving)} as large."
    where = f"where the task {surely(moment.config.task, 'needs')} it, {plural(moment.lag, 'step')} back"
    return f"{portion(moment.arriving)} of {what} arrives {where}."


def _outlook(moment: Situation) -> str:
    """Where it stands; before and after training how many networks like it got to the end, and whether this one did."""
    if moment.phase == "over":
        return f"{_score(moment)} {_below(moment)}{forecast_words(moment)}"
    if moment.untrained:
        return f"Nothing is trained yet. {_left(moment)}{forecast_words(moment)}"
    whole = moment.whole
    if moment.outcome.reached is not None or whole.reached is None:
        return f"{_score(moment)} {_below(moment)}".rstrip()
    what = "solve the task" if whole.holds else "reach the solved line, for a while,"
    return f"{_score(moment)} It goes on to {what} at training step {whole.reached:,}."


def _below(moment: Situation) -> str:
    """Where it has fallen back."""
    lost = moment.outcome.lost
    return "" if lost is None else f"It had reached the solved line at training step {lost:,}; here it is below. "


def _left(moment: Situation) -> str:
    """What is left of a gradient that vanishes by itself."""
    if moment.way != "fades" or moment.reaches:
        return ""
    return f"At the {moment.config.task.entry.quoted} mark, {portion(moment.arriving)} of the gradient is left. "


def _score(moment: Situation) -> str:
    return score_words(moment) or "No score is measured yet."


def _reason(moment: Situation) -> str:
    """Why, where the settings say it."""
    cell = moment.config.cell
    if moment.outcome.holds:
        return ""
    if moment.way == "cut":
        return _cut(moment)
    keeps = cell.with_role("keeps")
    forgets = keeps is not None and keeps.title == "forget gate" and not keeps.constant
    if moment.untrained and forgets and not cell.start_words and not moment.reaches and moment.way == "fades":
        return (
            "Torch's default initialisation does not open the forget gate; chrono initialisation or a larger forget "
            "bias does."
        )
    return ""


def _cut(moment: Situation) -> str:
    """What it means that the last loss's gradient ends before the first information."""
    config = moment.config
    of = "the last loss's gradient" if moment.many_losses else "the gradient"
    zero = f"Beyond that {of} is exactly zero"
    if shares_in_sight(config)[1] > 0:
        return f"{zero}; {config.task.entry.quoted} is in sight of some losses, in some sequences."
    if config.truncation == "reset":
        return f"{zero}, and the state is set to zero there too: the net knows nothing of earlier inputs."
    return f"{zero}; what the net still knows of earlier inputs are echoes in its state."


def _every_step(moment: Situation) -> str:
    return "Losses are taken at many steps; this is of the last one alone." if moment.many_losses else ""
