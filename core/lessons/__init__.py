"""Lessons: data files whose every number is worked out from a recorded run, and the runs, which come along.

``model`` says what a file holds, ``file`` reads it, ``measured`` and ``expressions`` work out what its sentences say,
``grading`` holds an answer against the run, ``shelf`` finds lessons and runs, ``recording`` trains the runs (torch),
``command`` is ``python -m core lesson``.
"""
