"""Archives of others: what is damaged, locked or too large is one clear line."""

import io
import tarfile
import zipfile

import pytest

from data import DataError, archives


def zipped(path, **names):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {"a/b.txt": "text", **names}.items():
            archive.writestr(name, content)
    return path


def flags(path, change):
    """Changes the headers of a zip file's first member: (offset in each header, byte)."""
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = content.find(mark)
        for offset, value in change:
            content[start + offset + place] = value
    path.write_bytes(content)
    return path


def refused(path, read):
    with pytest.raises(DataError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(str(path)) and text.endswith("replace or delete it")
    assert text.isprintable()
    return text


READERS = [lambda p: archives.members(p, lambda _: True), lambda p: archives.unzip(p, "b.txt")]


@pytest.mark.parametrize("read", READERS)
def test_zip_files_that_cannot_be_read(tmp_path, read):
    path = tmp_path / "x.zip"
    assert "encrypted" in refused(flags(zipped(path), [(6, 1)]), read)
    assert "compression method" in refused(flags(zipped(path), [(8, 99)]), read)
    size = [(22 + n, 255) for n in range(4)]
    assert "'a/b.txt' has 4,294,967,295 bytes" in refused(flags(zipped(path), size), read)


def test_a_tar_member_of_a_size_that_no_disk_has(tmp_path):
    path = tmp_path / "x.tar"
    info = tarfile.TarInfo("a.txt")
    info.size = 2**40
    path.write_bytes(info.tobuf() + bytes(10240))
    assert "'a.txt' has 1,099,511,627,776 bytes" in refused(path, READERS[0])
    with pytest.raises(DataError):  # nor is it read to skip it
        archives.members(path, lambda name: name == "b.txt")


def test_hidden_files_are_not_asked_for(tmp_path):
    path = zipped(tmp_path / "x.zip", **{"__MACOSX/a/._b.txt": "no", ".c.txt": "no"})
    asked = []
    assert archives.members(path, lambda name: asked.append(name) or True) == [("a/b.txt", b"text")]
    assert asked == ["a/b.txt"]
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("./a.txt", "./.b.txt"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    assert archives.members(tmp_path / "x.tar", lambda _: True) == [("./a.txt", b"")]
