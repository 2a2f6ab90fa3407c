"""The species that are known, and what they are called."""

from dataclasses import dataclass

OTHER = "other"
"""The class of all that is no leaf."""
UNKNOWN = "unknown leaf"


@dataclass(frozen=True, slots=True)
class Species:
    """A kind of plant."""

    name: str
    """Its common name: what is shown."""
    scientific: str
    flavia: str = ""
    """Its number in the data set Flavia (Wu et al., 2007), two digits; "" if it is not of it."""


SPECIES = (
    Species("aspen", "Populus tremula"),
    Species("birch", "Betula"),
    Species("hazel", "Corylus avellana"),
    Species("maple", "Acer platanoides"),
    Species("oak", "Quercus robur"),
    Species("Chinese horse chestnut", "Aesculus chinensis", "02"),
    Species("Anhui barberry", "Berberis anhweiensis", "03"),
    Species("Chinese redbud", "Cercis chinensis", "04"),
    Species("true indigo", "Indigofera tinctoria", "05"),
    Species("Japanese cheesewood", "Pittosporum tobira", "12"),
    Species("camphor tree", "Cinnamomum camphora", "14"),
    Species("deodar cedar", "Cedrus deodara", "17"),
    Species("oleander", "Nerium oleander", "20"),
    Species("Chinese toon", "Toona sinensis", "24"),
    Species("Canadian poplar", "Populus x canadensis", "30"),
)
"""Five of photos on a light ground, and ten of Flavia."""


def called(word: str) -> str:
    """The common name of a species called by any of its names or its number; else the word."""
    plain = word.strip().replace("_", " ").lower()
    for each in SPECIES:
        names = {each.name.lower(), each.scientific.lower(), each.flavia}
        number = plain.lstrip("0") and each.flavia.lstrip("0") == plain.lstrip("0")
        if plain and (plain in names or number):
            return each.name
    return word
