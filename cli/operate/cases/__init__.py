"""`dunning cases`: what is open, why each case is where it is, and what an operator may do to one."""
