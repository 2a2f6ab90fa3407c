"""Source -> queue -> recognisers -> results -> sinks; only commands flow backwards."""

from livevision.pipeline.controls import Controls
from livevision.pipeline.running import run
from livevision.pipeline.summary import Summary

__all__ = ["Controls", "Summary", "run"]
