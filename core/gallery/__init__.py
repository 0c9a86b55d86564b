"""The gallery: results of the literature, each with what the paper reports and what a few seeds gave here.

A card is a YAML file in ``cards/``: runs, and claims as bounds on what is measured over their seeds. ``model`` says
what a file holds, ``shelf`` reads them, ``measured`` is what their expressions can ask for, ``stored`` holds what was
measured, ``command`` is ``python -m core gallery``, which trains in ``building`` (torch).
"""
