"""A device under faults: real processes and sockets, what is done to them, and the audit of what arrived.

`track` and `feeder` are the wearables, `process` the daemon, `proxy` the network, `broker` and `receiver` the far end;
`disk` and `clock` break what their names say, `chaos` draws and carries out the faults, `audit` says what was lost.
"""
