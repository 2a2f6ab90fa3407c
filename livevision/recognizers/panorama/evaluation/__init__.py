"""How exactly pictures are joined."""
