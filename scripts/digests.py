"""Writes livevision/digests.py: what the bundled model files have to be, in the code itself.

python scripts/digests.py        after models were trained anew
"""

from pathlib import Path

from livevision import assets

ROOT = Path(__file__).parents[1]
HEAD = '''"""SHA-256 of the model files that come with livevision; made by scripts/digests.py.

SHA256SUMS beside the models guards against damage alone: whoever changes a model can change that
file, too. These are part of the code. They protect a folder of models that others can write to;
they are no protection against whoever can change the code.
"""

DIGESTS = {
'''


def main() -> None:
    """Write the file."""
    lines = []
    for sums in sorted((ROOT / "models").glob(f"*/{assets.CHECKSUMS}")):
        for line in sums.read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            if not name.endswith(".md"):
                lines.append(f'    "{sums.parent.name}/{name}": (\n        "{digest}"\n    ),\n')
    target = ROOT / "livevision" / "digests.py"
    target.write_text(HEAD + "".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
