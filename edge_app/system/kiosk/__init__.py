"""`digitpad install-kiosk`: full screen at boot."""
