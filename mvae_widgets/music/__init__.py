"""Files, note sequences, clips and tokens. Nothing heavy is imported until it is used."""
