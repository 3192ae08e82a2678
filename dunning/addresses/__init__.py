"""Reading addresses: of mailboxes, mail servers, Redis and the web. Pure."""
