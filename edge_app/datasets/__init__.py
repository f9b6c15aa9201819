"""Datasets: ink files, pictures, MNIST and letterforms, read and written."""
