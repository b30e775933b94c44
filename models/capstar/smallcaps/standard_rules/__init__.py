"""Screens and weightings that come along: a file each, or a family of them, which registers what it holds."""
