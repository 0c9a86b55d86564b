"""Texts that language models learn from.

story.txt   told by ``story.py`` for this project
names.txt   first names of the United States' census of 1990 (Census Bureau, public domain), as the package ``names``
            0.3.0 (MIT licence) has them in ``dist.female.first`` and ``dist.male.first``: each once, in Latin order
"""
