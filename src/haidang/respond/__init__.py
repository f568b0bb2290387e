"""From words to deeds. The next issue fills this room; its section of a pack is read already."""
