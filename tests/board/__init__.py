"""A Raspberry Pi in a box: a virtual machine with KMS/DRM, a touchscreen and systemd; see docs/board.md."""
