"""In-sample tests of predictability: one file a test, all of them in the registry."""
