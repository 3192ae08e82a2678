"""Words in the customer's language: money, names, sentences. Pure."""
