"""How mail is sent: one module for each way, all behind `worker.mail.transport.Transport`."""
