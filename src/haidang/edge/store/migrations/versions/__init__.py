"""One file to a revision; a revision that has been released is never edited."""
