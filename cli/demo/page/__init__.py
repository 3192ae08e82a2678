"""The demo's page: the twin's world, the mailbox, and the story of every case, in a browser on this machine."""
