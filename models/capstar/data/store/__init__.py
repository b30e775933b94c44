"""Downloads and snapshots kept on disk."""
