"""What a filter can ask of each kind of thing that is listed: its words, and its fields by name."""
