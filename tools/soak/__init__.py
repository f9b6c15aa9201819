"""`make soak`: a day of use in minutes, and what a window meets in months: wrong clocks, lost displays, hang-ups."""
