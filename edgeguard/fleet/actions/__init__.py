"""What people do, whoever asks for it: allowed, done and audited in one transaction."""
