"""What can be done with a model beyond encoding and decoding; each file is one part of `musicvae.MusicVAE`."""
