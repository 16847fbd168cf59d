"""The mesh of one state directory: starts, joins and stops its parts inside `meshtui serve`."""
