"""Words, glyphs and lines for people, shared by both front ends. Pure; the only user of humanize."""
