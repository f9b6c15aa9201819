"""Recognition: from strokes or a picture to a reading; knows no files, windows or settings."""
