"""The glossary has the words that pages use, and no others."""

import ast
from itertools import combinations
from pathlib import Path

from app.text.glossary import GLOSSARY, explained

ROOT = Path(__file__).parents[3]


def said() -> list[str]:
    """Every text in the program that a page may show."""
    files = [path for folder in ("app", "core", "pages") for path in (ROOT / folder).rglob("*.py")]
    trees = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    docs = {ast.get_docstring(node, clean=False) for node in trees
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))}  # fmt: skip
    texts = [node.value for node in trees if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if text not in docs]


def test_every_word_occurs_on_some_page() -> None:
    texts = said()
    assert [term.forms for term in GLOSSARY if not any(map(term.occurs, texts))] == []


def test_every_word_has_one_sentence_and_no_two_share_a_form() -> None:
    assert all(term.sentence.endswith(".") and len(term.sentence) < 180 for term in GLOSSARY)
    for one, other in combinations(GLOSSARY, 2):
        assert not {form.lower() for form in one.forms} & {form.lower() for form in other.forms}


def test_help_says_what_the_words_beside_it_mean() -> None:
    assert explained("LSTM, Chrono", after="How it starts.").startswith("How it starts.\n\n**chrono**: ")
    assert explained("chronology", "leaky") is None and explained("plain", after="Help.") == "Help."
