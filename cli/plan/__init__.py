"""Commands for those who plan a campaign."""
