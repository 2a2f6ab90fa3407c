"""The card of the models of signs."""

from collections.abc import Mapping
from pathlib import Path

from livevision.recognizers.signs.training import report
from livevision.recognizers.signs.training.personal import LOOKS, Gain
from livevision.recognizers.signs.training.signs import FOLDS, Official, Request
from livevision.recognizers.signs.training.validation import Answers, Calibration

_NOTES = "notes.md"
"""Written by hand beside the models: what was tried and what limits them; goes into the card."""


LICENCES = Path(__file__).with_name("licences.md")
"""Where the data came from, and what is stated of their licences."""


def card(
    request: Request,
    models: Mapping[str, Answers],
    calibrations: Mapping[str, Calibration],
    gained: Mapping[str, Gain],
    official: Official,
) -> str:
    """The card's text, from what was measured."""
    notes = request.models / _NOTES
    tables = [
        report.source_table(models),
        report.general_table(models),
        report.look_alike_table(models),
        report.letter_table(list(models.values())[-1]),
        report.personal_table("fused", gained),
        report.official_table(official),
    ]
    sources, general, look_alikes, by_letter, own, story = map(report.markdown, tables)
    sizes = "\n".join(
        f"| {path.name} | {path.stat().st_size / 1e6:.2f} MB |"
        for path in sorted(request.models.glob("*.*"))
        if path.suffix in (".keras", ".tflite")
    )
    adjusted = "; ".join(
        f"{name}: temperature {each.temperature:.2f}, caution {each.caution:.1f}"
        for name, each in calibrations.items()
    )
    return f"""# Models of signs

Letters of American Sign Language fingerspelling, one hand in one picture at a time, J and Z (which
are movements) apart. Written by `livevision train signs --data DIR --seed {request.seed}`.

- `fused` (the default): the mean of {FOLDS} small networks on the hand's landmarks
  (shape, directions, distances, which way the palm faces) and on what MediaPipe's landmark network
  knows of the picture beyond them, which comes at no cost: its last layer, and the two maps before
  it, read at the joints. Left hands are mirrored before that network sees them.
- `landmarks`: the same on landmarks alone.
- `cnn28`: the story's convolutional network on 28x28 grey pixels, trained on Sign Language MNIST
  and on the photos' crops from the live chain (crop, denoise, normalize, grayscale, downscale).
  Outputs: the data set's 26 labels, ASL's T, no sign. The data set's own "T" is another sign and is
  never answered.

| file | size |
| --- | ---: |
{sizes}

## People never seen

The sources, and all that show the same people, were held out in {FOLDS} parts and each part was
read by one network trained on the others. "First picture": the mean of three looks, as live at the
first of a stream; else one look. A hand that was not found counts as wrong. "Apart" sources are not
in the mean.

{sources}
{general}
{look_alikes}
Precision, recall and F1 of `fused`, as means over the sources:

{by_letter}
Temperature and caution (added to the score of "no sign") were chosen on these answers, the only
two numbers that were: {adjusted}.

## With a user's own examples

Each source was the user once: the first looks at each letter ({LOOKS}, or half of what there is)
became the layer that `livevision signs calibrate` makes. Shares of hands found, in the user's later
pictures, and how the layer changes the share for all the other sources:

{own}
## The story's data set

Choices were made on a validation part of the training set, split by photo (its pictures are
augmentations, 21 of each photo); the official test was looked at once.

{story}
{LICENCES.read_text(encoding="utf-8")}
{notes.read_text(encoding="utf-8") if notes.is_file() else ""}"""
