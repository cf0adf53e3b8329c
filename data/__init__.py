"""Data sets as tensorflow-datasets builders, and one way to read sentence pairs out of them.

    data.names()                                      -> ["bible", "hsk", ...]
    data.builder("bible", "kjv-bbe").info.splits      -> a prepared tfds builder
    data.rows("bible", "kjv-bbe", "test")             -> {"kjv": b"...", "bbe": b"..."}, ...
    data.pairs("multi30k", "en", "de", "train")       -> [("Two young, ...", "Zwei junge ..."), ...]
    data.pictures("emoji", "en", "test")              -> (id, b"PNG...", ["woman cook", ...]), ...

tfds is imported inside the functions: `import data` alone costs nothing.
"""

import contextlib
import importlib
import io
import logging
import pathlib
import sys

from data.messages import printable

__all__ = ["DataError", "builder", "names", "pairs", "pictures", "rows"]

SPLITS = ("train", "validation", "test")


class DataError(Exception):
    """Data that is missing or unusable: one message that names the cause and the cure.

    What others named in it is made printable.
    """

    for_users = True  # commands print it as one line

    def __init__(self, message):
        super().__init__(printable(message))


def names() -> list[str]:
    """The names of all sets: folders that hold FOLDER_dataset_builder.py."""
    here = pathlib.Path(__file__).parent
    return sorted(
        p.parent.name
        for p in here.glob("*/*_dataset_builder.py")
        if p.stem == f"{p.parent.name}_dataset_builder"
    )


def builder_class(name: str):
    """Imports the class `Builder` of a set.

    Raises: DataError for an unknown name, listing the known ones.
    """
    if name not in names():
        raise DataError(f"no data set {name!r}: there are {', '.join(names())}")
    return importlib.import_module(f"data.{name}.{name}_dataset_builder").Builder


def builder(name, config=None, data_dir=None):
    """A prepared tfds builder of the set, which is generated when it is not there yet or damaged.

    Args:
      name: one of `names()`.
      config: a configuration of the set, such as "kjv-bbe"; None: its first one.
      data_dir: where tfds keeps its sets; None: $TFDS_DATA_DIR, else tfds' default.
    Raises: DataError for an unknown set or configuration, when raw files are unavailable, or when
        the folder cannot be written.
    """
    cls = builder_class(name)
    configs = [c.name for c in cls.BUILDER_CONFIGS]
    if config is not None and config not in configs:
        raise DataError(
            f"data set {name} has no configuration {config!r}: there "
            + (f"are {', '.join(configs)}" if configs else "is none to choose")
        )
    import tensorflow_datasets as tfds

    from data import prepared
    from data.sources import tfds_folder

    data_dir = str(tfds_folder(data_dir))
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    options = tfds.download.DownloadConfig(try_download_gcs=False)
    with _quiet_tfds():
        return prepared.prepare(cls, config, data_dir, download_config=options)


@contextlib.contextmanager
def _quiet_tfds():
    """Silences tfds: banners on stdout, and warnings that a set is not there yet."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def pairs(name, source, target, split, data_dir=None):
    """A `Store` of all (source, target) sentences of one split, in the order of generation.

    Args:
      name: a translation set; source, target: two of its languages.
      split: "train", "validation" or "test".
    Raises: DataError for an unknown set, language, pair or split, naming the known ones.
    """
    from data.store import Store

    if split not in SPLITS:
        raise DataError(f"no split {split!r}: there are {', '.join(SPLITS)}")
    cls = builder_class(name)
    if not hasattr(cls, "config_for"):
        raise DataError(f"data set {name} holds no sentence pairs")
    known = cls.languages()
    for language in (source, target):
        if language not in known:
            raise DataError(f"data set {name} has no {language!r}: there are {', '.join(known)}")
    if source == target:
        raise DataError(f"source and target are both {source!r}: take two of {', '.join(known)}")
    found = rows(name, cls.config_for(source, target), split, data_dir)
    return Store((row[source].decode(), row[target].decode()) for row in found)


def pictures(name, config, split, data_dir=None):
    """Yields (id, the encoded picture's bytes, captions) of one split of a captioning set.

    Raises: DataError as `rows` does, and for a set without captions.
    """
    import tensorflow_datasets as tfds

    made = _with_split(name, config, split, data_dir)
    if not {"image", "captions"} <= set(made.info.features):
        raise DataError(f"data set {name} holds no pictures with captions")
    found = _in_order(made, split, decoders={"image": tfds.decode.SkipDecoding()})
    with _damage_named(made):
        for row in tfds.as_numpy(found):
            yield row["id"].decode(), row["image"], [text.decode() for text in row["captions"]]


@contextlib.contextmanager
def _damage_named(made):
    """Turns the error of a prepared set with changed bytes into a DataError that names it."""
    from tensorflow.errors import DataLossError

    try:
        yield
    except DataLossError as error:
        raise DataError(
            f"the prepared set {made.data_dir} is damaged ({error.message}): delete that folder, "
            "and it is prepared anew"
        ) from error


def rows(name, config, split, data_dir=None):
    """Yields the examples of one split, in the order in which the set was generated.

    They are dicts of numpy values; text is bytes.

    Raises: DataError for an unknown set, configuration or split, naming the known ones.
    """
    made = _with_split(name, config, split, data_dir)
    found = _in_order(made, split)
    with _damage_named(made):
        yield from _examples(found)


def _examples(found):
    import tensorflow_datasets as tfds

    if any(spec.shape.rank for spec in found.element_spec.values()):
        yield from tfds.as_numpy(found)
        return
    for batch in tfds.as_numpy(found.batch(1024)):  # ten times as fast as one by one
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(batch, values, strict=True))


def _with_split(name, config, split, data_dir):
    made = builder(name, config, data_dir)
    if split not in made.info.splits:
        raise DataError(f"{name} has no split {split!r}: there are {', '.join(made.info.splits)}")
    return made


def _in_order(made, split, **options):
    import tensorflow_datasets as tfds

    # The sets are written unshuffled; one file at a time keeps that order when reading.
    in_order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    return made.as_dataset(split=split, read_config=in_order, shuffle_files=False, **options)
