"""Whether presets keep their promises: each is trained with seeds that it was not tuned on, and its claims are judged.

``measuring`` trains (torch), ``stored`` holds what was measured, ``report`` prints it, ``command`` is
``python -m core presets check``.
"""
