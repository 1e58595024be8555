"""The wearable's wire: frames, decoder, session and clock, links, simulator and recorder. PROTOCOL.md describes it.

Stands alone: nothing here needs the rest of EdgeGuard. The firmware's end is in ``c/``.
"""
