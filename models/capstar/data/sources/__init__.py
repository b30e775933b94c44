"""Where numbers come from, one file a source, and the formats they come in."""
