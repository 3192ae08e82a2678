"""The rehearsal: Dunning's real rules and mails over a made-up month, on a simulated clock."""
