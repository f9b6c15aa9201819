"""Studies behind published figures; not needed to train."""
