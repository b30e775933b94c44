"""Monthly models of the Laubach-Williams family, with quarterly output."""
