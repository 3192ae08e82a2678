"""The rehearsal: Dunning's real rules and mails over a made-up month, on a clock that is only a value."""
