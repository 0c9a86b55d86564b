"""What visitors bring: a table of numbers or a text, found in a file, kept by the hash of its content. No torch.

Nothing of a file is kept but the numbers and the names of their columns, or the characters of a text; nothing of it is
ever evaluated. ``core.own_data.reading`` makes contents of files; whoever has a digest needs only what stands here.
"""

from core.own_data.content import DIGEST, Content, Kind, Table, Text, unpacked
from core.own_data.errors import DataError
from core.own_data.shelf import DataMissing, content, found_in, is_bundled, known, put, remove, table, text

__all__ = [
    "DIGEST", "Content", "DataError", "DataMissing", "Kind", "Table", "Text", "content", "found_in", "is_bundled",
    "known", "put", "remove", "table", "text", "unpacked",
]  # fmt: skip
