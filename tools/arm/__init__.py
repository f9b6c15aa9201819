"""The lean app on emulated 64-bit Arm: `make test-arm`."""
