"""Reads files inside a tar or zip archive."""

import contextlib
import pathlib
import tarfile
import zipfile
import zlib

from data import DataError
from data.messages import shown
from data.sources import is_plain

# What tarfile and zipfile raise: also for encryption (RuntimeError), a compression that is not
# known (NotImplementedError) and sizes that no memory has.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error, RuntimeError)
DAMAGE += (NotImplementedError, MemoryError, OverflowError, ValueError)
MOST_BYTES = 2**31  # of one file


@contextlib.contextmanager
def damage_named(path):
    """Turns the errors of a damaged or unreadable archive into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except DAMAGE as error:
        kind = "cannot be read" if isinstance(error, RuntimeError) else "is a damaged archive"
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} {kind} ({reason}): replace or delete it") from error


def members(path, wanted):
    """(name, bytes) of each file whose name `wanted(name)` accepts, sorted by name.

    Hidden files and those in __MACOSX are not asked for.

    Raises: DataError for an archive that is damaged or holds none of them.
    """
    path = pathlib.Path(path)
    with damage_named(path):
        reader = _of_zip if zipfile.is_zipfile(path) else _of_tar
        found = dict(reader(path, wanted))
    if not found:
        raise DataError(f"{path} does not hold the expected files: replace or delete it")
    return sorted(found.items())


def unzip(path, member: str) -> bytes:
    """The content of one file of a zip archive, found by its base name.

    Raises: DataError for a damaged archive, or one without that file.
    """
    with damage_named(path):
        for _, content in _of_zip(path, lambda name: name.rsplit("/", 1)[-1] == member):
            return content
    raise DataError(f"{path} holds no {member}: replace or delete it")


def _of_zip(path, wanted):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and _is_plain(info.filename) and wanted(info.filename):
                _check_size(info.filename, info.file_size)
                yield info.filename, archive.read(info)


def _of_tar(path, wanted):
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and _is_plain(member.name) and wanted(member.name):
                _check_size(member.name, member.size)
                yield member.name, archive.extractfile(member).read()


def _is_plain(name):
    return is_plain(pathlib.PurePosixPath(name.removeprefix("./")))


def _check_size(name, size):
    if size > MOST_BYTES:
        raise ValueError(f"{shown(name)} has {size:,} bytes")
