"""How much of the code the tests run: measured in each process, and put together."""
