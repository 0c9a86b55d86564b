"""The tables of a run and of the catalog.

Every table of a run has a ``run`` column: in SQLite a run is a file of its own, and on a database server the same
tables hold all runs.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

FORMAT = 1
"""Version of the run tables, kept as the file's ``user_version``. A reader refuses a newer one."""

APPLICATION_ID = 0x554E524C
"""'UNRL', in the header of every run file."""

of_run = MetaData()
of_catalog = MetaData()

meta = Table(
    "meta",
    of_run,
    Column("run", Text, primary_key=True),
    Column("config", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("created", Float, nullable=False),
)

# ``history`` stands before ``profile``: reading the scalars then never touches the pages of the profiles. ``cpu`` is
# the processor time in seconds since the frame before; NULL where none came before in the same turn.
frames = Table(
    "frames",
    of_run,
    Column("run", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("wall", Float, nullable=False),
    Column("cpu", Float),
    Column("history", LargeBinary, nullable=False),
    Column("profile", LargeBinary, nullable=False),
)


def _blobs(name: str) -> Table:
    return Table(
        name,
        of_run,
        Column("run", Text, primary_key=True),
        Column("step", Integer, primary_key=True),
        Column("body", LargeBinary, nullable=False),
    )


planes = _blobs("planes")
weights = _blobs("weights")
checkpoints = _blobs("checkpoints")

# What its visitor brought, where the run learns from that (core.own_data): so a run's file has all that it needs.
data = Table(
    "data",
    of_run,
    Column("run", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

runs = Table(
    "runs",
    of_catalog,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text, nullable=False, default=""),
    Column("wanted", Text, nullable=False, default="run"),
    Column("until", Integer),
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("step", Integer, nullable=False, default=-1),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("queued", Float, nullable=False),
    Column("opened", Float, nullable=False),
    Index("runs_digest", "digest"),
    Index("runs_status", "status", "queued"),
    Index("runs_owner", "owner", "status"),
)

joined = Table(
    "joined",
    of_catalog,
    Column("run", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("since", Float, nullable=False),
    Index("joined_owner", "owner"),
)

notes = Table(
    "notes",
    of_catalog,
    Column("run", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("name", Text, nullable=False, default=""),
    Column("star", Integer, nullable=False, default=0),
    Column("text", Text, nullable=False, default=""),
)

# Runs that wait until their owner's earlier ones are over; all others are of wave 0.
waves = Table(
    "waves",
    of_catalog,
    Column("run", Text, primary_key=True),
    Column("wave", Integer, nullable=False),
)

# Sweeps that were started, by their digest: ``spec`` is JSON. What came of them stands in their runs.
sweeps = Table(
    "sweeps",
    of_catalog,
    Column("digest", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("started", Float, nullable=False),
)

# Who brought which data, as long as no run needs it; what runs learn from goes with the last of them.
brought = Table(
    "brought",
    of_catalog,
    Column("digest", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("since", Float, nullable=False),
)

questions = Table(
    "questions",
    of_catalog,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False, default=""),
    Column("asked", Float, nullable=False),
    Column("size", Integer, nullable=False, default=0),
    Column("answer", LargeBinary),
    Index("questions_status", "status", "asked"),
)

# -- classes: a teacher's view that others follow, and what they were asked -------------------------------------------

# ``control`` is a hash: who has the token itself steers. ``view`` is JSON: the page and the query of what is shown.
classes = Table(
    "classes",
    of_catalog,
    Column("code", Text, primary_key=True),
    Column("control", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("seq", Integer, nullable=False, default=0),
    Column("used", Float, nullable=False),
)

steerers = Table(
    "steerers",
    of_catalog,
    Column("code", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
)

# ``body`` is JSON: the words, the choices; ``truth`` too, "null" until it is revealed.
polls = Table(
    "polls",
    of_catalog,
    Column("code", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("truth", Text, nullable=False, default="null"),
)

ballots = Table(
    "ballots",
    of_catalog,
    Column("code", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
