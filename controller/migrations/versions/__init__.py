"""One file a change, oldest first; a file that was released is never edited."""
