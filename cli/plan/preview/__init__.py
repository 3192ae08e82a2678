"""`dunning preview`: the mails and pages as customers see them, in a browser on this machine."""
