"""Tools of the project that the app itself never needs."""
