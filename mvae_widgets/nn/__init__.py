"""Tensors in, tensors out: the networks of MusicVAE. This room knows no notes."""
