"""One example of each class of results, a file a room: ``EXAMPLES`` maps the class to what makes it."""
