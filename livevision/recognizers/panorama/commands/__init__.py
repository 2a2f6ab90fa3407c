"""The command `livevision panorama`."""
