"""Implementations of `mesh.interface.Mesh`. Only `meshtui.connect` knows them all."""
