"""`dunning try`: the whole way of one declined renewal, with a person looking on."""
