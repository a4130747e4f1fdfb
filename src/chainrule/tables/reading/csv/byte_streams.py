"""The bytes of a text file, decompressed."""

from __future__ import annotations

import io
import lzma
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from chainrule._internal.naming import listed
from chainrule.errors import FileFormatError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.file_kinds import TEXT, require_format, require_regular

ARROW_COMPRESSION = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".zst": b"\x28\xb5\x2f\xfd", ".xz": b"\xfd7zXZ", ".zip": b"PK"}
ENCRYPTED = 1  # the bit of a zip member's flags


def open_bytes(path: Path) -> BinaryIO:
    """Opens a text file, which may be compressed (.gz, .bz2, .xz, .zst) or the only table in a .zip archive.

    Raises FileFormatError if the file is empty, no regular file or of another format.
    """
    require_regular(path)
    pyarrow = import_pyarrow("a CSV file")
    suffix = path.suffix.lower()
    if suffix in MAGIC:
        require_format(path, MAGIC[suffix], f"a {suffix} file")
    if suffix == ".zip":
        return _only_table(path)
    if suffix == ".xz":
        return cast(BinaryIO, lzma.open(path))
    return cast(BinaryIO, pyarrow.input_stream(str(path), compression=ARROW_COMPRESSION.get(suffix)))


def _is_table(member: PurePosixPath) -> bool:
    return member.suffix.lower() in TEXT and not member.name.startswith(".") and member.parts[0] != "__MACOSX"


def _only_table(path: Path) -> BinaryIO:
    """Opens the only table in a zip archive; hidden files and those of other endings do not count."""
    archive = zipfile.ZipFile(path)
    members = [member for member in archive.infolist() if _is_table(PurePosixPath(member.filename))]
    if len(members) != 1:
        names = listed(m.filename for m in (members or archive.infolist()))
        raise FileFormatError(
            f"{path} must hold one table ({', '.join(TEXT)}); it holds {names or 'nothing'}. "
            "Extract the table, and give its path."
        )
    if members[0].flag_bits & ENCRYPTED:
        raise FileFormatError(f"{path} is encrypted. Extract {members[0].filename!r}, and give its path.")
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, archive.open(members[0]))))
