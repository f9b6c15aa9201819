"""Training: Keras on MNIST, and real ink where there is some; imports edge_app's core, never pygame."""
