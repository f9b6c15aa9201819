"""`make bench`: how fast the app is on this device, as its users have it.

Each figure is taken in a process of its own; goals are those of the project for a desktop computer.
"""
