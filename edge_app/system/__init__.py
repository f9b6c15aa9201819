"""Integration with the operating system: launcher, kiosk, doctor, speech and watchdog."""
