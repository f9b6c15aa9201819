"""`digitpad install-launcher`: the desktop menu entry and its icons."""
