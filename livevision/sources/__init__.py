"""Where frames come from."""

from livevision.sources.opening import open_source
from livevision.sources.source import Source

__all__ = ["Source", "open_source"]
