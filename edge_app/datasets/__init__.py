"""Datasets: ink files, pictures, MNIST and allographs, read and written."""
