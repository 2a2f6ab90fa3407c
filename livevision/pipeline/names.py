"""What messages call the parts of a run."""

_ROOMS = ("recognizers", "sinks")
"""Folders of ours whose modules are called after what they do."""


def name_of(part: object) -> str:
    """The name of a recogniser or a sink: its own, or its plug-in's, or else its class's."""
    own = getattr(part, "name", "")
    if isinstance(own, str) and own:
        return own
    names = type(part).__module__.split(".")
    if len(names) > 2 and names[0] == "livevision" and names[1] in _ROOMS:
        return names[2]
    return type(part).__name__
