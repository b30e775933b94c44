"""Natural rates as common trends of inflation, interest rates and what is expected of them."""
