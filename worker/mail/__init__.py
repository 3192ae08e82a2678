"""How mail leaves the house: one module for each way, all behind `worker.mail.transport.Transport`."""
