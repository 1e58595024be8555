"""The whole line on one machine: train, export, run, attack, alarm. Above all rooms, because it walks through them."""
