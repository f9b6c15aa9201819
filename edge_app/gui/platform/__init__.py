"""SDL and the screen."""
