"""Drawing: scenes to pixels."""
