"""What the page and the window say, in several languages: one flat JSON file each."""
