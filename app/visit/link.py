"""A view and its link: a config, perhaps a run of it and others beside it, a moment, pinned curves, knobs.

The address bar says all that is shown, so copying it is sharing. What the app writes spells out every setting (a
default that changes later does not change an old link, nor does a setting that is new), with ``v`` as the format's
version; in a link without it what is missing has its default. ``run`` wins over the
settings beside it; they serve when the run is gone. ``step`` is the scrubbed moment, absent at the live end; ``pin``
and ``beside`` may repeat; ``knob.<name>`` says where a picture's knob stands that was moved. ``member`` repeats too:
who is compared with the settings (core.comparison), "none" for nobody, absent where nobody has chosen; so does
``axis``: what is varied around them (core.sweep). ``hide`` and
``lock``, for whoever hands out a link: settings that are not shown, or shown and not to be changed; "presets" for their
choice, "all" for everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from app.board.query import MAX_BESIDE, stands
from app.board.views import KNOBS, TEXTS
from app.classroom.seat import CLASS, CONTROL
from app.services import lab
from core.brought import without_data
from core.comparison import MOST_MEMBERS, differences
from core.config import RunConfig
from core.errors import ConfigError, UnrolledError, quoted
from core.presets import PRESETS
from core.sweep import MOST_AXES

VERSION = "1"
START = "temporal-order-lstm"
MAX_PINS = 4
KNOB = "knob."
ALONGSIDE = "alongside"
"""Which runs Train trains beside the run."""
SEEDS, MATCH = "seeds", "match"
"""With how many seeds each member of a comparison is trained, and by what the members are matched."""
DRAWS = "draws"
"""How many points of a sweep are drawn at random; none where it is a grid."""
_OF_PAGES = {ALONGSIDE, SEEDS, MATCH, DRAWS}
"""The knobs that no picture has."""
NOBODY = "none"
HIDE, LOCK, ALL, PRESET_CHOICE = "hide", "lock", "all", "presets"
TRACKERS = re.compile(
    r"utm_\w*|fbclid|[gwd]clid|[gw]braid|gad_\w*|gcl\w*|msclkid|yclid|twclid|ttclid|li_fat_id|igsh(id)?|epik|mc_[ce]id"
    r"|_h\w+|hs\w+|mkt_tok|vero_\w+|oly_\w+|_g[al]\w*|ref(_\w+|errer)?|source|si|spm|trk|campaign\w*"
)
"""What other sites, mail and search engines hang on to a link: no setting, and nothing that a visitor could mend."""
_OF_FRAMES = {"embed", "embed_options"}
_RESERVED = {"v", "run", "step", "pin", "beside", "member", "axis", "preset", *_OF_FRAMES, CLASS, CONTROL, HIDE, LOCK}


@dataclass(frozen=True)
class Visit:
    """Everything a link reproduces, and the sentences that reading it gave rise to.

    beside  ids of the runs trained alongside, in the page's order
    knobs   (name, value) pairs of the knobs that were moved
    members who is compared with the config, as texts of core.comparison; None where nobody has chosen
    axes    what a sweep varies around the config, as texts of core.sweep; None where nobody has chosen
    hidden, locked  settings that have no control, or one that cannot be moved
    """

    config: RunConfig
    run: str | None = None
    cursor: int | None = None
    pins: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    knobs: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    members: tuple[str, ...] | None = None
    axes: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    def shows(self, name: str) -> bool:
        """Whether the control ``name`` is there."""
        return not {name, ALL} & {*self.hidden}

    def holds(self, name: str) -> bool:
        """Whether the control ``name`` cannot be moved."""
        return bool({name, ALL} & {*self.locked})


def write(shown: Visit) -> dict[str, list[str]]:
    """The query of a view."""
    settings = {key: [str(value)] for key, value in shown.config.to_flat().items() if value is not None}
    run = {"run": [shown.run]} if shown.run else {}
    step = {"step": [str(shown.cursor)]} if shown.cursor is not None else {}
    members = () if shown.members is None else shown.members or (NOBODY,)
    lists = (("pin", shown.pins), ("beside", shown.beside), ("member", members), ("axis", shown.axes or ()),
             (HIDE, shown.hidden), (LOCK, shown.locked))  # fmt: skip
    many = {name: list(values) for name, values in lists if values}
    knobs = {KNOB + name: [value] for name, value in shown.knobs}
    return {"v": [VERSION], **run, **step, **settings, **many, **knobs}


def read(query: Mapping[str, list[str]], start: str = START) -> Visit:
    """The view of a query; ``start`` is the preset of one that names no setting.

    What cannot be used is left out, each with a sentence.
    """
    last = {key: values[-1] for key, values in query.items() if values}
    problems: list[str] = []
    config = _settings(last, start, problems)
    run = _run(last.get("run"), problems)
    if run is not None:
        config = _config_of(run) or config
    return Visit(
        config,
        run,
        _cursor(last.get("step"), config, problems) if run else None,
        tuple(dict.fromkeys(query.get("pin", [])))[:MAX_PINS],
        _beside(query.get("beside", []), run, problems),
        _knobs(last, problems),
        members=_members(query.get("member", []), problems),
        axes=tuple(query["axis"][:MOST_AXES]) if query.get("axis") else None,
        hidden=_controls(HIDE, query.get(HIDE, []), problems),
        locked=_controls(LOCK, query.get(LOCK, []), problems),
        problems=tuple(problems),
    )


def says_something(query: Mapping[str, list[str]]) -> bool:
    """Whether a query names anything to show, more than how the app is framed or where its reader comes from."""
    return any(not TRACKERS.fullmatch(key) and key not in _OF_FRAMES for key in query)


def _config_of(run: str) -> RunConfig | None:
    info = lab().info(run)
    return None if info is None else info.config


def _run(run: str | None, problems: list[str], name: str = "run") -> str | None:
    try:
        if run is None or _config_of(run) is not None:
            return run
    except UnrolledError as error:  # the catalog cannot be read, and no file says what it was
        problems.append(str(error))
        return None
    problems.append(
        f"`{name}` (={quoted(run)}) is not on this server: it was deleted, or the link is of another server."
    )
    return None


def _cursor(step: str | None, config: RunConfig, problems: list[str]) -> int | None:
    if step is None or (step.isdecimal() and len(step) < 10 and int(step) <= config.steps):
        return None if step is None else int(step)
    problems.append(
        f"`step` (={quoted(step)}) must be a whole number from 0 to {config.steps}. The run is shown at its end."
    )
    return None


def _beside(wanted: list[str], run: str | None, problems: list[str]) -> tuple[str, ...]:
    if wanted and run is None:
        problems.append(f"`beside` (={quoted(wanted[0])}) stands beside a `run`, and none is shown. Leave it out.")
        return ()
    known = [other for other in dict.fromkeys(wanted[:MAX_BESIDE]) if _run(other, problems, "beside")]
    return tuple(other for other in known if other != run)


def _members(wanted: list[str], problems: list[str]) -> tuple[str, ...] | None:
    """Those that say something; whether it applies to the settings is the comparison's to say."""
    members: list[str] = []
    for text in dict.fromkeys(wanted[: 2 * MOST_MEMBERS]):
        try:
            members += [text] if text != NOBODY and differences(text) else []
        except ConfigError as error:
            problems += error.problems
    return tuple(members) if wanted else None


def _knobs(last: Mapping[str, str], problems: list[str]) -> tuple[tuple[str, str], ...]:
    knobs: list[tuple[str, str]] = []
    for key, value in last.items():
        name = key.removeprefix(KNOB)
        if name == key:
            continue
        if name not in KNOBS | _OF_PAGES:
            problems.append(f"`{quoted(key)}` (={quoted(value)}) is not a knob of any page. Leave it out.")
        elif not stands(name, value, TEXTS):
            what = "one line of 1 to 500 characters" if name in TEXTS else "a number or a single word"
            problems.append(f"`{key}` (={quoted(value)}) must be {what}.")
        else:
            knobs.append((name, value))
    return tuple(knobs)


def _controls(name: str, wanted: list[str], problems: list[str]) -> tuple[str, ...]:
    """The controls that ``hide`` or ``lock`` names, one or several with commas between."""
    named = dict.fromkeys(part.strip() for text in wanted for part in text.split(",") if part.strip())
    unknown = [part for part in named if part not in _controls_there_are()]
    if unknown:
        problems.append(
            f"`{name}` (={quoted(unknown[0])}) must be a setting, as `seed` or `cell.name`, or `{PRESET_CHOICE}`, or "
            f"`{ALL}`. Leave it out."
        )
    return tuple(part for part in named if part not in unknown)


@cache
def _controls_there_are() -> frozenset[str]:
    keys = {key for name in PRESETS for key in RunConfig.preset(name).to_flat()}
    return frozenset({*keys, ALL, PRESET_CHOICE})


def _settings(last: Mapping[str, str], start: str, problems: list[str]) -> RunConfig:
    wanted = {key: value for key, value in last.items() if _is_setting(key)}
    if wanted and "v" in last:  # all settings that there were are spelled out: what is missing came later
        wanted = RunConfig.before(wanted) | wanted
    base = RunConfig() if wanted else RunConfig.preset(start)
    if "preset" in last:
        try:
            base = RunConfig.preset(last["preset"])
        except ConfigError as error:
            problems += error.problems
    try:
        return base.replace(**wanted)
    except ConfigError as error:
        problems += error.problems
    return _usable(base, wanted)


def on_known_data(shown: Visit) -> Visit:
    """The view, on the data that the task comes with where that of its own is not here or does not suit it."""
    try:
        shown.config.task.check()
    except ConfigError as error:
        problems = (*shown.problems, *error.problems)
        return replace(shown, config=without_data(shown.config), run=None, cursor=None, beside=(), problems=problems)
    return shown


def _is_setting(key: str) -> bool:
    return key not in _RESERVED and not key.startswith(KNOB) and not TRACKERS.fullmatch(key)


def _usable(config: RunConfig, wanted: Mapping[str, str]) -> RunConfig:
    """As many of the ``wanted`` settings as are valid, names first since other settings depend on them."""
    for key in sorted(wanted, key=lambda key: not key.endswith(".name")):
        try:
            config = config.replace(**{key: wanted[key]})
        except ConfigError:
            continue
    return config
