"""How packs are found, read and checked. The packs themselves live in threats/ and countries/."""
