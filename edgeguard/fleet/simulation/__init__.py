"""A fleet of virtual devices that publishes real messages: for demonstrations, load tests and loss tests.

`population` draws wearers and their groups, `models` the bundles, `windows` what a model says of an interval's windows,
`plan` what happens to which device when. `device` and `world` turn that into messages for any span of time, without
clock or socket; `outbox` alone talks to a broker. The same seed gives the same messages.
"""
