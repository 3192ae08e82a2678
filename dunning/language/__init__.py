"""Words in the customer's language: money, names, wording. Pure."""
