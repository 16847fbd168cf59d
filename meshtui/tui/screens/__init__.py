"""One screen for each thing that a person looks at or decides. Each handles its own messages."""
