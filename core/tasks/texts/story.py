"""The harbour book: the story that ``story.txt`` holds, told by rule, so that what depends on what is known.

``python -m core.tasks.texts.story > core/tasks/texts/story.txt`` tells it. Every entry is about one person and one
thing. Both are named in its first sentence and again in its last, a bracket that opens closes, what is asked is asked
about the thing, and whoever speaks has been named: a network has to carry all that over hundreds of characters.
"""

from __future__ import annotations

import random

LENGTH = 30_000
"""Characters at which the story ends, with the entry that reaches them."""

WOMEN = ("Agnes", "Mara", "Linnea", "Greta", "Ottilie", "Ruth", "Selma", "Ines")
MEN = ("Tobias", "Anton", "Emil", "Jonas", "Bertram", "Hugo", "Caspar", "Oskar")
COLOURS = ("blue", "grey", "red", "green", "old", "small", "broken", "copper")
THINGS = ("lantern", "kettle", "ladder", "anchor", "basket", "clock", "fiddle", "bucket", "compass", "barrel")
PLACES = ("the harbour", "the mill", "the chapel", "the lighthouse", "the market", "the ferry house", "the smithy",
          "the long bridge", "the bakery", "the upper farm")  # fmt: skip
TIMES = ("On the first morning of {month}", "Late in {month}", "One evening in {month}", "On a Sunday in {month}",
         "In the second week of {month}", "Before dawn, in {month}")  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
ASIDES = ("the tide was out", "the road was white with frost", "nobody else was awake", "the bells had just rung",
          "it had rained since noon", "the wind came from the north", "the gulls were loud", "a ship was overdue",
          "the snow lay to the windows", "the whole street smelled of bread", "the fog hid the boats",
          "there was a fair that week")  # fmt: skip
CAME = ("{who} came to {place} ({aside}) with {a} {thing} that nobody knew.",
        "{who} stood at {place} ({aside}) and looked for {a} {thing}.",
        "{who} carried {a} {thing} to {place} ({aside}), as if it were made of glass.",
        "{who} found {a} {thing} at {place} ({aside}) and asked whose it was.")  # fmt: skip
ASKED = ("“Whose {noun} is that?” asked {other}.", "{other} laughed. “What would you do with {a} {noun}?”",
         "“That {noun} was mine,” said {other}, “when I was young.”",
         "“Put the {noun} down,” said {other}, “and tell me where you had it from.”")  # fmt: skip
SAID = ("“It was left to me,” said {who}, “by somebody who never came back.”",
        "{who} thought for a while. “I shall keep it,” {she} said, “until somebody asks.”",
        "“I had it from the sea,” said {who}, “and the sea may have it again.”",
        "“You may think so,” said {who}, “but it is older than both of us.”",
        "{who} said nothing, and {other} said nothing either.")  # fmt: skip
PASSED = ("They drank tea and talked about the price of salt.", "An hour went by, and then another.",
          "The children ran past and called {her} name.", "Somebody lit the lamps, one after the other.",
          "{other} went to see to the horses (there were three of them, all lame).",
          "A letter was read aloud, slowly, twice over.", "They counted the boats: two, three, four, and one more.",
          "It grew dark, and {other} told the one about the bear (which is not true).",
          "Rain began to fall on {place}, and they moved indoors.",
          "The dog barked at the door, and then it slept.")  # fmt: skip
ENDED = ("In the end it was {who} who took the {thing} home.",
         "So {who} left {place} with the {thing} under {her} arm.",
         "That is how {who} came by the {thing}, and {other} never forgot it.",
         "The {thing} stands in {who}'s window to this day.",
         "When {who} went home that night, the {thing} stayed with {other}.")  # fmt: skip


def told(length: int = LENGTH) -> str:
    """The story, an entry a line, each with an empty line after it; the same every time."""
    rng, entries, size = random.Random(1997), [], 0
    while size < length:
        entries.append(_entry(rng))
        size += len(entries[-1]) + 2
    return "\n\n".join(entries) + "\n\n"


def _entry(rng: random.Random) -> str:
    """One entry: when and where, what was said, what went by, how it ended."""
    woman = rng.random() < 0.5
    who = rng.choice(WOMEN if woman else MEN)
    other = rng.choice([name for name in (*WOMEN, *MEN) if name != who])
    noun = rng.choice(THINGS)
    thing = f"{rng.choice(COLOURS)} {noun}"
    words = {
        "who": who, "other": other, "she": "she" if woman else "he", "her": "her" if woman else "his", "thing": thing,
        "noun": noun, "place": rng.choice(PLACES), "aside": rng.choice(ASIDES), "month": rng.choice(MONTHS),
    }  # fmt: skip
    opening = f"{rng.choice(TIMES)} {rng.choice(CAME)}"
    middle = [rng.choice(ASKED), rng.choice(SAID), *rng.sample(PASSED, rng.randint(1, 3))]
    return " ".join(_said(part, words) for part in (opening, *middle, rng.choice(ENDED)))


def _said(template: str, words: dict[str, str]) -> str:
    """The template in words; “{a}” is the article of what follows it."""
    follows = words["thing"] if "{a} {thing}" in template else words["noun"]
    return template.format(a="an" if follows[0] in "aeiou" else "a", **words)


if __name__ == "__main__":
    print(told(), end="")
