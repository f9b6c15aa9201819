"""Setting digitpad up on a system: the desktop's launcher, a kiosk, and a doctor for what hinders it."""
