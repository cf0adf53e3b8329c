"""Reads your own captions files, TSV, CSV or JSON, which go with a folder of pictures."""

import os
import pathlib
import re

from data import DataError
from data.messages import shown
from data.readers import json_values
from data.readers.lines import Report, named, read_text
from data.readers.rows import SIGNS, Reason, Table
from data.sources import is_plain

KARPATHY = {"train": ("train", "restval"), "validation": ("val",), "test": ("test",)}
# Names of columns in a header.
PICTURES = ("image", "images", "image_name", "image_id", "image_file", "image_path", "filename")
PICTURES += ("file_name", "file", "path", "picture", "photo", "img", "name")
CAPTIONS = ("caption", "captions", "comment", "text", "sentence", "description", "raw", "title")
FLICKR = re.compile(r"#\d+$")  # the number of a caption, behind the name of its picture
FORM = "not a UTF-8 picture name, a tab and a caption"


def read_captions(path, folder="", split=""):
    """Captions of pictures, in the order in which the pictures first appear.

    Each line of a TSV has the name of a picture (also with `#0`, as Flickr8k's own file) and a
    caption (more captions: more lines). So has CSV, which is named .csv or has a header; a header
    such as `image,caption` names the columns. A file named .json has COCO's layout ("images" with
    "id" and "file_name", "annotations" with "image_id" and "caption") or Karpathy's ("images" with
    "filename", "split" and "sentences", each with "raw").

    Args:
      folder: has the pictures, or subfolders with them; "": the folder that the file is in.
      split: "train", "validation" or "test": in Karpathy's layout only this split is read.
    Returns: [(path, captions), ...], Report. Lines without a caption or with a missing picture are
      left out; the content of picture files is not checked.
    Raises: DataError for a missing or damaged file, and when nothing is usable.
    """
    folder = pathlib.Path(folder) if folder else pathlib.Path(path).parent
    if not os.path.isdir(folder):
        raise DataError(f"there is no folder {folder}: check --data.folder")
    parts = sorted(part for part in folder.iterdir() if is_plain(part.relative_to(folder)))
    folders = [folder, *(part for part in parts if part.is_dir())]
    report = Report()
    if named(path, ".json", ".json.gz"):
        rows, report.unit = enumerate(_json_rows(path, split), start=1), "entry"
    else:
        rows = _table_rows(path, report)
    found, places = {}, {}
    for number, row in rows:
        report.total += 1
        reason = row if isinstance(row, Reason) else None
        if not reason:
            name, caption = row
            if not name or not caption.strip():
                reason = "empty"
            else:
                if name not in places:
                    places[name] = _picture(folders, name)
                if places[name]:
                    found.setdefault(places[name], []).append(" ".join(caption.split()))
                    report.kept += 1
                    continue
                reason = "without its picture"
        report.drop(str(reason), number)
    if not found:
        raise DataError(f"{path}: nothing usable, {report}; pictures are looked for in {folder}")
    return list(found.items()), report


def _picture(folders, name):
    """The path of a picture; None: it is in none of the folders."""
    for sought in dict.fromkeys([name, FLICKR.sub("", name)]):
        for folder in folders:
            if os.path.isfile(folder / sought):  # False for a name that no file can have
                return folder / sought
    return None


def _table_rows(path, report):
    """(number, (name, caption) or Reason) of each row of a TSV or CSV."""
    table = Table(path, report)
    sign, joint = "\t", "\t"
    if "\t" not in table.first:
        best = max(SIGNS, key=table.first.count)
        if named(path, ".csv", ".csv.gz") or _header(table.first.split(best)):
            sign, joint = best, best
    places, columns = (0, 1), 2
    for number, row in table.rows(sign):
        if isinstance(row, Reason):
            yield number, row if row == "empty" else Reason(FORM)
            continue
        if number == 1 and (header := _header(row)):
            places, columns = header, len(row)
            told = " and ".join(f"{shown(row[n].strip())} (column {n + 1})" for n in places)
            report.notes.append(f"{path}: line 1 is a header: pictures and captions are {told}")
            continue
        if places[1] == columns - 1:  # separators in a caption that ends the line are its own
            row[columns - 1 :] = [joint.join(row[columns - 1 :])] if row[columns - 1 :] else []
        if len(row) < columns or places[1] != columns - 1 and len(row) != columns:
            yield number, Reason(FORM if columns == 2 else "wrong number of columns")
        else:
            yield number, (row[places[0]].strip(), row[places[1]])


def _header(row):
    """(column of the pictures, of the captions) where a row is a header; None: it is not."""
    names = [cell.strip().strip('"').lower() for cell in row]
    found = [
        next((n for n, name in enumerate(names) if name in known), None)
        for known in (PICTURES, CAPTIONS)
    ]
    return None if None in found else tuple(found)


def _json_rows(path, split):
    """(name, caption) or Reason of each caption."""
    try:
        content = json_values.parse(read_text(path))
        images = content["images"]
        pairs = _coco(content) if "annotations" in content else _karpathy(images, split)
        return [row if isinstance(row, Reason) else _checked(*row) for row in pairs]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not a captions file ({type(error).__name__}: {error}): give "
            "COCO's layout, Karpathy's, a TSV or a CSV"
        ) from error


def _checked(name, caption):
    if not isinstance(name, str):
        return Reason("without the name of a picture")
    if not isinstance(caption, str):
        return Reason("without a caption")
    return json_values.whole(name), json_values.whole(caption)


def _coco(content):
    names = {
        image["id"]: image.get("file_name")
        for image in content["images"]
        if isinstance(image, dict) and isinstance(image.get("id"), int | str)
    }
    for entry in content["annotations"]:
        if not isinstance(entry, dict):
            yield Reason("not a JSON object")
        elif not isinstance(number := entry.get("image_id"), int | str) or number not in names:
            yield Reason("of an unknown picture")
        else:
            yield names[number], entry.get("caption")


def _karpathy(images, split):
    for image in images:
        if not isinstance(image, dict):
            yield Reason("not a JSON object")
        elif not split or image.get("split", split) in (split, *KARPATHY[split]):
            sentences = image.get("sentences")
            for sentence in sentences if isinstance(sentences, list) and sentences else [None]:
                raw = sentence.get("raw") if isinstance(sentence, dict) else None
                yield image.get("filename"), raw
