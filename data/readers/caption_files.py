"""Reads your own captions files, TSV or JSON, which go with a folder of pictures."""

import json
import pathlib

from data import DataError
from data.readers.text_files import Report, byte_lines, whole

KARPATHY = {"train": ("train", "restval"), "validation": ("val",), "test": ("test",)}


def read_captions(path, folder="", split=""):
    """Captions of pictures, in the order in which the pictures first appear.

    Each line of a TSV has the name of a picture and a caption (more captions: more lines). A file
    named .json has COCO's layout ("images" with "id" and "file_name", "annotations" with
    "image_id" and "caption") or Karpathy's ("images" with "filename", "split" and "sentences",
    each with "raw").

    Args:
      folder: has the pictures, or subfolders with them; "": the folder that the file is in.
      split: "train", "validation" or "test": in Karpathy's layout only this split is read.
    Returns: [(path, captions), ...], Report. Lines without a caption or with a missing picture are
      left out; the content of picture files is not checked.
    Raises: DataError for a missing or damaged file, and when nothing is usable.
    """
    folder = pathlib.Path(folder) if folder else pathlib.Path(path).parent
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}: check --data.folder")
    rows = _json_rows(path, split) if str(path).endswith(".json") else _tsv_rows(path)
    folders = [folder, *sorted(part for part in folder.iterdir() if part.is_dir())]
    found, places, report = {}, {}, Report()
    for number, (name, caption) in enumerate(rows, start=1):
        report.total = number
        if not (isinstance(name, str) and isinstance(caption, str)):
            reason = "not a UTF-8 picture name, a tab and a caption"
        elif not name or not caption.strip():
            reason = "empty"
        else:
            if name not in places:
                places[name] = next((f / name for f in folders if (f / name).is_file()), None)
            if places[name]:
                found.setdefault(places[name], []).append(" ".join(caption.split()))
                report.kept += 1
                continue
            reason = "without its picture"
        report.dropped.setdefault(reason, []).append(number)
    if not found:
        raise DataError(f"{path}: nothing usable, {report}; pictures are looked for in {folder}")
    return list(found.items()), report


def _tsv_rows(path):
    for line in byte_lines(path):
        try:
            name, tab, caption = line.decode().partition("\t")
        except UnicodeDecodeError:
            tab = ""
        yield (name.strip(), caption) if tab else (None, None)


def _json_rows(path, split):
    try:
        content = json.loads(b"\n".join(byte_lines(path)))
        if "annotations" in content:
            names = {image["id"]: image["file_name"] for image in content["images"]}
            return [
                (names.get(a["image_id"], ""), whole(a["caption"])) for a in content["annotations"]
            ]
        images = content["images"]
        if split:
            images = [i for i in images if i.get("split", split) in (split, *KARPATHY[split])]
        return [(i["filename"], whole(s["raw"])) for i in images for s in i["sentences"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is not a captions file ({type(error).__name__}: {error}): give COCO's layout, "
            "Karpathy's, or a TSV"
        ) from error
