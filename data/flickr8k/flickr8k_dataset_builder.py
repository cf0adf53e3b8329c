"""Flickr8k: photographs, each described by five people (Hodosh, Young, Hockenmaier 2013).

Configuration "en" has the English captions, "zh" those of Flickr8k-CN that were written in Chinese
(Li, Lan, Dong, Liu 2016). The split is the official one. The pictures in $RAW_DATA are scaled to
224 x 224; a download gives the originals.
"""

import io
import zipfile

import tensorflow_datasets as tfds

from data import DataError, archives, sources

COPY = "https://raw.githubusercontent.com/kareems78/flickr_8k_data"
TEXT = f"{COPY}/c0be1f986003cc018a6064f2ae8a838eaa1206d0/Flickr8k_text.zip"
TEXT_SHA256 = "306e9ad54507ebba4daf031a756ab113874748fcbfe9d6dda882f43c51ac0aa0"
PICTURES = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/Flickr8k_Dataset.zip"
CHINESE = (
    "https://raw.githubusercontent.com/li-xirong/flickr8kcn/"
    "a19b9aa4a7ad2a42741460d9f47385637ae270cd/data/flickr8kzhc.caption.txt"
)
SPLITS = {"train": "train", "validation": "dev", "test": "test"}


class Builder(tfds.core.GeneratorBasedBuilder):
    """6,000 / 1,000 / 1,000 pictures with five captions each."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name="en", description="English captions, tokenised"),
        tfds.core.BuilderConfig(name="zh", description="Chinese captions, untokenised"),
    ]

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://hockenmaier.cs.illinois.edu/8k-pictures.html",
            citation="""@article{hodosh2013framing,
  title = {Framing Image Description as a Ranking Task: Data, Models and Evaluation Metrics},
  author = {Hodosh, Micah and Young, Peter and Hockenmaier, Julia},
  journal = {Journal of Artificial Intelligence Research}, volume = {47}, year = {2013}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg"),
                    "captions": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        text = self._raw("Flickr8k_text.zip", TEXT, TEXT_SHA256)
        names = {
            split: archives.unzip(text, f"Flickr_8k.{part}Images.txt").decode().split()
            for split, part in SPLITS.items()
        }
        captions = self._captions(text)
        pictures = self._raw("flickr8k_images_224.zip", PICTURES)
        members = _jpegs(pictures)
        wanted = [name for part in names.values() for name in part]
        if missing := [n for n in wanted if n not in members or n not in captions]:
            raise DataError(
                f"flickr8k lacks the picture or the captions of {len(missing)} names, as "
                f"{missing[0]}: replace or delete {pictures} and the files next to it"
            )
        return {
            split: self._generate_examples(pictures, members, part, captions)
            for split, part in names.items()
        }

    def _raw(self, path, url, sha256=None):
        return sources.raw_file("flickr8k", path, url, sha256, self.data_dir_root)

    def _captions(self, text):
        """{name of a picture: captions}."""
        if self.builder_config.name == "en":
            content = archives.unzip(text, "Flickr8k.token.txt")
        else:
            path = self._raw("flickr8kcn/flickr8kzhc.caption.txt.gz", CHINESE)
            content = path.read_bytes()
            if content.startswith(b"\x1f\x8b"):  # the address has it uncompressed
                content = sources.gunzip(path)
        found = {}
        for line in content.decode().splitlines():
            key, _, caption = line.replace(" ", "\t", 1).partition("\t")
            if caption := sources.squeeze(caption):
                found.setdefault(key.split("#")[0], []).append(caption)
        return found

    def _generate_examples(self, pictures, members, names, captions):
        with archives.damage_named(pictures), zipfile.ZipFile(pictures) as archive:
            for number, name in enumerate(names):
                content = io.BytesIO(archive.read(members[name]))
                yield number, {"id": name, "image": content, "captions": captions[name]}


def _jpegs(path):
    """{file name: place in the archive}, without the files that Apple's archiver adds."""
    with archives.damage_named(path), zipfile.ZipFile(path) as archive:
        places = [n for n in archive.namelist() if n.endswith(".jpg") and "__MACOSX" not in n]
    return {place.rsplit("/", 1)[-1]: place for place in places}
