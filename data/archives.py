"""Reads files inside a tar or zip archive."""

import pathlib
import tarfile
import zipfile
import zlib

from data import DataError

DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error)


def members(path, wanted):
    """(name, bytes) of each file whose name `wanted(name)` accepts, sorted by name.

    Raises: DataError for an archive that is damaged or holds none of them.
    """
    path = pathlib.Path(path)
    found = {}
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if wanted(name):
                        found[name] = archive.read(name)
        else:
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile() and wanted(member.name):
                        found[member.name] = archive.extractfile(member).read()
    except DAMAGE as error:
        raise DataError(f"{path} is a damaged archive ({error}): replace or delete it") from error
    if not found:
        raise DataError(f"{path} does not hold the expected files: replace or delete it")
    return sorted(found.items())
