"""z <-> z: paths and planes through latent space. This room knows neither notes nor layers."""
