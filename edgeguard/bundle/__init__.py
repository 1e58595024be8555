"""The artifact between lab and device: manifest, graphs, golden vectors, card and signature, in one folder or zip."""
