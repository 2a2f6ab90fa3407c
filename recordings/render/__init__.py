"""Renders the bundled recordings: a posed 3D hand that spells in American Sign Language."""
