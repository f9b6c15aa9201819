"""`make bench`: measures how fast the app is on this device, each figure in a process of its own."""
