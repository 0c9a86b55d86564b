"""The gallery on the page: the list, a card with its runs, the way to train them again."""
