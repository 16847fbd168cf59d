"""THE NARROW INTERFACE between what shows a mesh and what is one. Values, a Protocol, and a fake; no I/O."""
