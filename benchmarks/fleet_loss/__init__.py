"""A fleet server under faults: real processes, what is done to them, and the audit of what became rows.

`traffic` is what virtual devices have in their spools, `site` the broker, the database and the workers, `chaos` draws
and carries out the faults, `audit` says what was lost, `trial` is one run to its end.
"""
