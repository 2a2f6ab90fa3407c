"""Where results go."""

from livevision.sinks.sink import Sink

__all__ = ["Sink"]
