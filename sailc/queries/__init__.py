"""The stages as queries: what the command, the tests and the editor all ask.

The texts of a workspace and the stamps of its data files are the inputs of the database,
set by the host (`sailc.workspace`). Nothing here does input or output but the reading of
data headers, which is keyed by the file's stamp. Every query reads as little as it can, so
that an edit is felt only by the files that see what was edited.
"""

from sailc.queries.check import checked
from sailc.queries.data import data_header, data_place, file_trouble, file_type, world
from sailc.queries.names import module, names
from sailc.queries.text import listed, parsed, source

__all__ = [
    "checked",
    "data_header",
    "data_place",
    "file_trouble",
    "file_type",
    "listed",
    "module",
    "names",
    "parsed",
    "source",
    "world",
]
