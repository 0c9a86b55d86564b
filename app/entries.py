"""The pages, in the order of the navigation."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.entry import ADMIN
from app.visit.link import START

PAGES = Path(__file__).parents[1] / "pages"


class PageEntry(NamedTuple):
    """A page in the navigation, by the name of its file, which is its path too.

    start   the preset that a laboratory opens with where nothing says what to show; empty for a page that is none
    menu    the one that it stands in, a word in the bar; empty where it stands in the bar itself
    """

    file: str
    title: str
    icon: str
    start: str
    help: str
    menu: str = ""

    @property
    def path(self) -> Path:
        """Its file."""
        return PAGES / f"{self.file}.py"


ENTRIES = (
    PageEntry("home", "Home", "home", "", "A recorded training, four questions, and where to go from there."),
    PageEntry("lessons", "Lessons", "school", "", "Predict, then see: the subject step by step, on recorded runs."),
    PageEntry("gallery", "Gallery", "museum", "",
          "Results of the field, trained again here: what agrees and what does not."),
    PageEntry("gradient_flow", "Gradient flow", "timeline", START,
          "Train a recurrent network and watch the gradient of every time step while it learns."),
    PageEntry("truncation_lab", "Truncation lab", "content_cut", "temporal-order-lstm-truncated",
          "What the gradient would have been: full against truncated, for every window, on the same weights.",
          menu="Labs"),
    PageEntry("clipping_lab", "Clipping lab", "compress", "exploding-rnn",
          "What clipping does to each gradient, and the same start with and without it.",
          menu="Labs"),
    PageEntry("compare", "Compare", "compare_arrows", "temporal-order-lstm",
          "Cells side by side on the same data, a few seeds each, and whether they can be told apart.",
          menu="Side by side"),
    PageEntry("sweep", "Sweep", "grid_on", "temporal-order-rnn",
          "A grid or random draws over one to three settings, a few seeds each: score, steps to solve, reach.",
          menu="Side by side"),
    PageEntry("untrained", "Untrained", "start", "temporal-order-rnn",
          "Every initialisation of every cell, the gradient against the length, and what each cell costs.",
          menu="Side by side"),
    PageEntry("series", "Series", "show_chart", "mackey-glass-gru",
          "Forecasts one step ahead and many, against what needs no network; also of a CSV of yours.",
          menu="Labs"),
    PageEntry("inside_the_cell", "Inside the cell", "conversion_path", "temporal-order-lstm",
          "What the gates do, which way the gradient travels, and what if a gate were shut.",
          menu="Look inside"),
    PageEntry("microscope", "Microscope", "biotech", "temporal-order-lstm",
          "One training step in slow motion, theory beside the measurement, and a gradient to check.",
          menu="Look inside"),
    PageEntry("memory", "Memory", "history", "review-lstm",
          "How fast inputs fade, how much a state can hold, and what the network would say after every word you type.",
          menu="Look inside"),
    PageEntry("language", "Language", "text_fields", "language-lstm",
          "What a network writes while it learns a text, and which earlier characters made each prediction.",
          menu="Look inside"),
    PageEntry("runs", "Runs", "list", START,
          "All runs you have started or opened from a file: find, name, compare, replay, delete.",
          menu="Side by side"),
    PageEntry("classroom", "Class", "groups", START,
          "Show a class what you see, on every screen; ask it, and see the answers over the truth."),
    PageEntry("words", "Words", "dictionary", "", "The words of the field: symbol, equation, and where each is seen."),
)  # fmt: skip

BY_FILE = {entry.file: entry for entry in ENTRIES}
UNLISTED = PageEntry(ADMIN, "Admin", "", "", "For whoever hosts it.")
LABS = tuple(entry for entry in ENTRIES if entry.start)
